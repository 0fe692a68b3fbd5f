/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GPGME tells which descriptors it waits for and what to call when they are ready; a table of
 * watches is all it takes to live in another loop. Waiting inside GPGME instead would deafen the
 * program to signals and to the network for as long as gpg takes.
 */
#include "client/openpgp.h"

#include <errno.h>
#include <gpgme.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/util.h"
#include "client/gpg-home.h"
#include "client/gpg-processes.h"
#include "client/signals.h"

#define FIRST_GUESS ((size_t)3072)
#define ERROR_MAX   160

enum operation {
	OPERATION_NONE = 0,
	OPERATION_IMPORT_PUBLIC,
	OPERATION_IMPORT_SECRET,
	OPERATION_DECRYPT,
};

struct watch {
	bool is_used;
	int fd;
	int is_read; /* GPGME's direction */
	gpgme_io_cb_t call;
	void *call_data;
	nfds_t poll_index; /* place in the caller's array + 1; 0: not there yet */
};

struct openpgp {
	const char *home;
	gpgme_ctx_t ctx;
	struct watch watches[OPENPGP_FDS_MAX];
	enum operation operation;
	enum openpgp_state state;
	bool has_ended;
	gpgme_error_t end_error;
	gpgme_data_t input;
	gpgme_data_t output;
	struct secret *plaintext; /* its size is the room there is */
	size_t plaintext_size;
	char error_text[ERROR_MAX];
};

static gpgme_error_t add_watch(void *data, int fd, int is_read, gpgme_io_cb_t call, void *call_data,
			       void **ret_tag)
{
	struct openpgp *o = data;

	for (size_t i = 0; i < ARRAY_SIZE(o->watches); i++) {
		struct watch *w = &o->watches[i];

		if (w->is_used)
			continue;
		*w = (struct watch){ true, fd, is_read, call, call_data, 0 };
		*ret_tag = w;
		return 0;
	}
	return gpgme_error(GPG_ERR_RESOURCE_LIMIT);
}

static void remove_watch(void *tag)
{
	struct watch *w = tag;

	*w = (struct watch){ 0 };
}

static void on_event(void *data, gpgme_event_io_t type, void *type_data)
{
	struct openpgp *o = data;
	const struct gpgme_io_event_done_data *done = type_data;

	if (type != GPGME_EVENT_DONE)
		return;
	o->has_ended = true;
	o->end_error = done->err ? done->err : done->op_err;
}

static int make_room(struct openpgp *o, size_t size)
{
	size_t room = o->plaintext ? o->plaintext->size : FIRST_GUESS;
	struct secret *bigger;

	while (room < size)
		room = MIN_OF(2 * room, OPENPGP_PLAINTEXT_MAX);
	if (o->plaintext && o->plaintext->size == room)
		return 0;
	bigger = secret_new(room);
	if (!bigger)
		return -ENOMEM;
	if (o->plaintext_size > 0)
		memcpy(bigger->data, o->plaintext->data, o->plaintext_size);
	(void)secret_free(o->plaintext);
	o->plaintext = bigger;
	return 0;
}

static ssize_t on_plaintext(void *handle, const void *data, size_t size)
{
	struct openpgp *o = handle;

	if (size > OPENPGP_PLAINTEXT_MAX - o->plaintext_size) {
		errno = EFBIG;
		return -1;
	}
	if (make_room(o, o->plaintext_size + size) < 0) {
		errno = ENOMEM;
		return -1;
	}
	memcpy(o->plaintext->data + o->plaintext_size, data, size);
	o->plaintext_size += size;
	return (ssize_t)size;
}

static void openpgp_freep(struct openpgp **o)
{
	(void)openpgp_free(*o);
}

/* "disable-gpgconf": GPGME would run gpgconf three times and gpgsm once, to find gpg in /usr/bin.
 */
static const char *find_gpg(const char *home)
{
	gpgme_error_t e;

	if (gpgme_set_global_flag("disable-gpgconf", "1") != 0 || !gpgme_check_version(NULL))
		return "GPGME does not work";
	signals_open();
	e = gpgme_set_engine_info(GPGME_PROTOCOL_OpenPGP, NULL, home);
	if (!e)
		e = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP);
	signals_block();
	return e ? gpgme_strerror(e) : NULL;
}

int openpgp_new(const char *home, struct openpgp **ret, const char **ret_error)
{
	_cleanup_(openpgp_freep) struct openpgp *o = calloc(1, sizeof(*o));
	struct gpgme_io_cbs callbacks = { add_watch, o, remove_watch, on_event, o };

	*ret_error = "out of memory";
	if (!o)
		return -ENOMEM;
	*ret_error = find_gpg(home);
	if (*ret_error)
		return -ENOPKG;
	if (gpgme_new(&o->ctx)) {
		*ret_error = "out of memory";
		return -ENOMEM;
	}
	o->home = home;
	gpgme_set_io_cbs(o->ctx, &callbacks);
	gpgme_set_offline(o->ctx, 1);
	/* A key with a passphrase is refused instead of asking where nobody can answer. */
	(void)gpgme_set_pinentry_mode(o->ctx, GPGME_PINENTRY_MODE_ERROR);
	*ret = STEAL_PTR(o);
	return 0;
}

static void release_data(struct openpgp *o)
{
	gpgme_data_release(o->input);
	gpgme_data_release(o->output);
	o->input = NULL;
	o->output = NULL;
}

struct openpgp *openpgp_free(struct openpgp *o)
{
	if (!o)
		return NULL;
	openpgp_cancel(o, "");
	if (o->ctx)
		gpgme_release(o->ctx);
	(void)secret_free(o->plaintext);
	free(o);
	return NULL;
}

static void fail(struct openpgp *o, const char *why)
{
	o->state = OPENPGP_FAILED;
	o->plaintext = secret_free(o->plaintext);
	o->plaintext_size = 0;
	(void)snprintf(o->error_text, sizeof(o->error_text), "%s", why);
}

static int begin(struct openpgp *o, enum operation operation, gpgme_error_t e)
{
	o->operation = operation;
	o->has_ended = false;
	o->end_error = 0;
	o->state = OPENPGP_BUSY;
	if (!e) {
		signals_open();
		if (operation == OPERATION_DECRYPT)
			e = gpgme_op_decrypt_start(o->ctx, o->input, o->output);
		else
			e = gpgme_op_import_start(o->ctx, o->input);
		signals_block();
	}
	if (!e)
		return 0;
	release_data(o);
	fail(o, gpgme_strerror(e));
	return -EIO;
}

/* GPGME then wipes what it read from gpg; without the flag a copy stays on the stack. */
static gpgme_error_t mark_sensitive(gpgme_data_t data)
{
	return gpgme_data_set_flag(data, "sensitive", "1");
}

int openpgp_import_start(struct openpgp *o, int fd, enum openpgp_key kind)
{
	gpgme_error_t e = gpgme_data_new_from_fd(&o->input, fd);

	if (!e)
		e = mark_sensitive(o->input);
	return begin(o,
		     kind == OPENPGP_KEY_SECRET ? OPERATION_IMPORT_SECRET : OPERATION_IMPORT_PUBLIC,
		     e);
}

int openpgp_decrypt_start(struct openpgp *o, const void *data, size_t size)
{
	static struct gpgme_data_cbs into_secret = { .write = on_plaintext };
	gpgme_error_t e = gpgme_data_new_from_mem(&o->input, data, size, 0);

	if (!e)
		e = gpgme_data_new_from_cbs(&o->output, &into_secret, o);
	if (!e)
		e = mark_sensitive(o->output);
	return begin(o, OPERATION_DECRYPT, e);
}

/* CLI-PGP-4. A file without a secret key would be imported and could never decrypt anything. */
static const char *import_problem(struct openpgp *o)
{
	gpgme_import_result_t r = gpgme_op_import_result(o->ctx);

	if (!r)
		return "gpg did not say what it imported";
	if (r->unchanged == 0 && (r->imported == 0 || r->not_imported > 0))
		return "no usable OpenPGP key in it";
	if (o->operation == OPERATION_IMPORT_SECRET &&
	    r->secret_imported + r->secret_unchanged == 0)
		return "no secret key in it";
	return NULL;
}

static void finish(struct openpgp *o)
{
	const char *problem = NULL;

	if (o->end_error)
		problem = gpgme_strerror(o->end_error);
	else if (o->operation != OPERATION_DECRYPT)
		problem = import_problem(o);
	release_data(o);
	if (problem)
		fail(o, problem);
	else
		o->state = OPENPGP_DONE;
}

nfds_t openpgp_poll_set(struct openpgp *o, struct pollfd ret_fds[OPENPGP_FDS_MAX])
{
	nfds_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(o->watches); i++) {
		struct watch *w = &o->watches[i];

		if (!w->is_used)
			continue;
		ret_fds[n] =
			(struct pollfd){ .fd = w->fd, .events = w->is_read ? POLLIN : POLLOUT };
		w->poll_index = ++n;
	}
	return n;
}

static void dispatch(struct openpgp *o, const struct pollfd *fds, nfds_t n_fds)
{
	for (size_t i = 0; i < ARRAY_SIZE(o->watches); i++) {
		/* Looked at anew each time: a call may remove this watch, or put another in its
		 * place, which has no place in the array yet. */
		struct watch *w = &o->watches[i];

		if (!w->is_used || w->poll_index == 0 || w->poll_index > n_fds)
			continue;
		if (fds[w->poll_index - 1].revents)
			(void)w->call(w->call_data, w->fd);
	}
}

void openpgp_dispatch(struct openpgp *o, const struct pollfd *fds, nfds_t n_fds)
{
	dispatch(o, fds, n_fds);
	if (o->state == OPENPGP_BUSY && o->has_ended)
		finish(o);
}

/*
 * A gpg that GPGME has just started is a copy of this program until it executes, and cannot be told
 * by its command line yet. It holds GPGME's pipes all the same: they end when the last one is gone.
 */
static void end_gpg(struct openpgp *o)
{
	for (int i = 0; !o->has_ended && i < OPENPGP_CANCEL_ROUNDS; i++) {
		struct pollfd fds[OPENPGP_FDS_MAX];
		nfds_t n;

		gpg_processes_end(o->home, GPG_HOME_GRACE_USEC);
		n = openpgp_poll_set(o, fds);
		if (poll(fds, n, OPENPGP_CANCEL_ROUND_MSEC) > 0)
			dispatch(o, fds, n);
	}
}

void openpgp_cancel(struct openpgp *o, const char *why)
{
	if (o->state != OPENPGP_BUSY)
		return;
	end_gpg(o);
	(void)gpgme_cancel(o->ctx);
	release_data(o);
	fail(o, why);
}

enum openpgp_state openpgp_state(const struct openpgp *o)
{
	return o->state;
}

const char *openpgp_error_text(const struct openpgp *o)
{
	return o->error_text;
}

struct secret *openpgp_take(struct openpgp *o)
{
	bool has_plaintext = o->state == OPENPGP_DONE && o->operation == OPERATION_DECRYPT;
	struct secret *exact = NULL;

	if (has_plaintext)
		exact = secret_copy(o->plaintext ? o->plaintext->data : NULL, o->plaintext_size);
	o->plaintext = secret_free(o->plaintext);
	o->plaintext_size = 0;
	o->operation = OPERATION_NONE;
	o->state = OPENPGP_IDLE;
	return exact;
}
