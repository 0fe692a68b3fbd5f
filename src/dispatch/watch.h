/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The server, followed over servers and buses that come and go: what of it is worth a notice.
 *
 * Nothing is told twice, nor what was so before the program started. Clients that were disabled
 * and a lockdown that began or ended while nobody could hear it are told as soon as it is known.
 */

#include "admin/link.h"
#include "dispatch/lockdown.h"
#include "dispatch/memory.h"
#include "dispatch/notice.h"

/**
 * struct watch - { 0 } but for @event and the callback at first
 *
 * @on_notice: @client is its very name, NULL for a notice that is about none; both are borrowed
 */
struct watch {
	sd_event *event;
	void (*on_notice)(void *userdata, const struct notice *notice, const char *client);
	void *userdata;

	struct admin_link link;
	struct admin_clients clients;
	struct memory memory;
	struct lockdown lockdown;
	const char *away; /* what has been logged to be missing; NULL: nothing is */
};

/** watch_start() - connects, and goes on trying; what is missing is logged */
void watch_start(struct watch *w);

void watch_stop(struct watch *w);
