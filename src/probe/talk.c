/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A server proves the key of one type in one connection, the first of ours that it has. If that is
 * not the one that is expected, it is asked again without that type: a fingerprint does not tell of
 * which type its key is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/secret.h"
#include "probe/probe.h"

/* In one turn, so that one host that has much to say does not keep others waiting. */
#define READS_PER_TURN 8

static void give_up(struct probe *p, enum builtin_status reason, usec_t now)
{
	probe_note(p, reason);
	dial_next(p, now);
}

static bool is_expected(const struct probe *p)
{
	for (unsigned int i = 0; i < p->what.n_fingerprints; i++) {
		if (memcmp(p->what.fingerprints[i], p->kex->fingerprint, SSH_FINGERPRINT_SIZE) == 0)
			return true;
	}
	return false;
}

/* Returns a negative errno once nothing can be sent any more. */
static int send_waiting(struct probe *p)
{
	size_t size;
	const uint8_t *data = ssh_kex_output(p->kex, &size);

	while (size > 0) {
		ssize_t n = send(p->fd, data, size, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		ssh_kex_sent(p->kex, (size_t)n);
		data = ssh_kex_output(p->kex, &size);
	}
	return 0;
}

static void on_proven(struct probe *p, usec_t now)
{
	(void)send_waiting(p);
	if (is_expected(p)) {
		probe_decide(p, BUILTIN_ALIVE, true, now);
		return;
	}
	probe_note(p, BUILTIN_OTHER_KEY);
	p->key_types &= ~(unsigned int)p->kex->scheme->type;
	if (p->key_types != 0)
		dial_again(p, now);
	else
		dial_next(p, now);
}

static void on_result(struct probe *p, enum ssh_kex_result result, usec_t now)
{
	switch (result) {
	case SSH_KEX_MORE:
		break;
	case SSH_KEX_PROVEN:
		on_proven(p, now);
		break;
	case SSH_KEX_BAD_PROOF:
		give_up(p, BUILTIN_NO_PROOF, now);
		break;
	case SSH_KEX_NO_COMMON: /* as often after the last key of another fingerprint */
	case SSH_KEX_BROKEN:
		give_up(p, BUILTIN_NO_SSH, now);
		break;
	}
}

void talk_on_io(struct probe *p, uint32_t events, usec_t now)
{
	uint8_t data[4096];
	size_t waiting;
	int r;

	for (int i = 0; i < READS_PER_TURN && p->state == PROBE_TALKING; i++) {
		ssize_t n = recv(p->fd, data, sizeof(data), 0);
		enum ssh_kex_result result;

		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			give_up(p, n == 0 ? BUILTIN_NO_SSH : dial_failed(errno), now);
			return;
		}
		result = ssh_kex_input(p->kex, data, (size_t)n);
		if (result != SSH_KEX_MORE) {
			on_result(p, result, now);
			return;
		}
	}
	r = send_waiting(p);
	if (r < 0) {
		give_up(p, dial_failed(-r), now);
		return;
	}
	(void)ssh_kex_output(p->kex, &waiting);
	(void)sd_event_source_set_io_events(p->io, EPOLLIN | (waiting > 0 ? EPOLLOUT : 0u));
}

void talk_start(struct probe *p, usec_t now)
{
	struct ssh_kex_random random;

	p->state = PROBE_TALKING;
	p->kex = malloc(sizeof(*p->kex));
	if (!p->kex || getrandom(&random, sizeof(random), 0) != sizeof(random)) {
		give_up(p, BUILTIN_FAULT, now);
		return;
	}
	ssh_kex_init(p->kex, p->key_types, &random);
	secret_erase(&random, sizeof(random));
	talk_on_io(p, 0, now);
}
