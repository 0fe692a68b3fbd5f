/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/openpgp-loop.h"

#include <errno.h>
#include <poll.h>

#include "keygen/interrupt.h"

static gpgme_error_t on_add(void *data, int fd, int for_reading, gpgme_io_cb_t call,
			    void *call_data, void **ret_tag)
{
	struct openpgp_loop *loop = data;

	for (size_t i = 0; i < OPENPGP_WATCHES_MAX; i++) {
		struct openpgp_watch *w = &loop->watches[i];

		if (w->used)
			continue;
		*w = (struct openpgp_watch){
			.used = true,
			.fresh = true,
			.for_reading = for_reading != 0,
			.fd = fd,
			.call = call,
			.data = call_data,
		};
		*ret_tag = w;
		return 0;
	}
	return gpgme_error(GPG_ERR_TOO_MANY);
}

static void on_remove(void *tag)
{
	struct openpgp_watch *w = tag;

	w->used = false;
}

static void on_event(void *data, gpgme_event_io_t type, void *type_data)
{
	struct openpgp_loop *loop = data;

	if (type == GPGME_EVENT_START) {
		loop->done = false;
	} else if (type == GPGME_EVENT_DONE) {
		const struct gpgme_io_event_done_data *done = type_data;

		loop->done = true;
		/* The operation's own error says more than that of the channel to GnuPG. */
		loop->result = done->op_err ? done->op_err : done->err;
	}
}

void openpgp_loop_attach(struct openpgp_loop *loop, gpgme_ctx_t ctx)
{
	struct gpgme_io_cbs cbs = {
		.add = on_add,
		.add_priv = loop,
		.remove = on_remove,
		.event = on_event,
		.event_priv = loop,
	};

	gpgme_set_io_cbs(ctx, &cbs);
}

static void call_ready(struct openpgp_loop *loop, const struct pollfd *fds)
{
	for (size_t i = 0; i < OPENPGP_WATCHES_MAX; i++) {
		struct openpgp_watch *w = &loop->watches[i];

		/*
		 * An earlier callback may have removed this watch, or put another in its place,
		 * about which poll() has said nothing: its callback could block.
		 */
		if (!w->used || w->fresh || fds[i].revents == 0)
			continue;
		/* Errors come back through the DONE event. */
		(void)w->call(w->data, w->fd);
	}
}

static int run_once(struct openpgp_loop *loop, usec_t deadline)
{
	struct pollfd fds[OPENPGP_WATCHES_MAX + 1];
	usec_t now = instant_now().boot;

	if (interrupt_signal())
		return -ECANCELED;
	if (now >= deadline)
		return -ETIMEDOUT;
	for (size_t i = 0; i < OPENPGP_WATCHES_MAX; i++) {
		struct openpgp_watch *w = &loop->watches[i];

		w->fresh = false;
		fds[i].fd = w->used ? w->fd : -1;
		fds[i].events = w->for_reading ? POLLIN : POLLOUT;
		fds[i].revents = 0;
	}
	fds[OPENPGP_WATCHES_MAX].fd = interrupt_fd();
	fds[OPENPGP_WATCHES_MAX].events = POLLIN;
	if (poll(fds, OPENPGP_WATCHES_MAX + 1, interrupt_ms_left(now, deadline)) < 0)
		return errno == EINTR ? 0 : -errno;
	call_ready(loop, fds);
	return 0;
}

int openpgp_loop_run(struct openpgp_loop *loop, gpgme_ctx_t ctx, gpgme_error_t started,
		     usec_t deadline, gpgme_error_t *ret_result)
{
	if (started) {
		*ret_result = started;
		return 0;
	}
	while (!loop->done) {
		int r = run_once(loop, deadline);

		if (r < 0) {
			(void)gpgme_cancel(ctx);
			return r;
		}
	}
	*ret_result = loop->result;
	return 0;
}
