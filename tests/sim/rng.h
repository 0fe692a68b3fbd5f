/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Random numbers that a seed repeats: xoshiro256**, seeded by splitmix64 (both public domain
 * algorithms by Blackman and Vigna). For simulations only; nothing here is secret.
 */

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t s[4];
};

static inline uint64_t rng_rotate(uint64_t x, unsigned int k)
{
	return (x << k) | (x >> (64 - k));
}

static inline void rng_init(struct rng *r, uint64_t seed)
{
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
		r->s[i] = z ^ (z >> 31);
	}
}

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rng_rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rng_rotate(s[3], 45);
	return result;
}

/** rng_below() - 0 to @n - 1; @n is not 0. The bias of the remainder does not matter here. */
static inline uint64_t rng_below(struct rng *r, uint64_t n)
{
	return rng_next(r) % n;
}

/** rng_chance() - true @in_1000 times of a thousand */
static inline bool rng_chance(struct rng *r, unsigned int in_1000)
{
	return rng_below(r, 1000) < in_1000;
}

/** rng_around() - 1 to 2 * @mean: when something that happens every @mean happens next */
static inline uint64_t rng_around(struct rng *r, uint64_t mean)
{
	return 1 + rng_below(r, 2 * mean);
}
