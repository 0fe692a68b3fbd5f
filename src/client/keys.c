/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/fd.h"
#include "base/file.h"
#include "client/report.h"
#include "client/wall-clock.h"

/* CLI-TLS-7: a file that was asked for is looked at, and TLS 1.3 has no use for it. */
static void look_at_dh_params(const char *path)
{
	_cleanup_free_ char *data = NULL;
	size_t size;
	int r = file_read(path, KEYS_TLS_FILE_MAX, &data, &size);

	if (r < 0)
		report_error("cannot read %s: %s; going on without it", path, strerror(-r));
	else if (!strstr(data, "-----BEGIN DH PARAMETERS-----"))
		report_error("%s has no Diffie-Hellman parameters; going on without it", path);
}

int keys_load_tls(const struct options *o, struct tls_context **ret)
{
	_cleanup_free_ char *pubkey = NULL;
	char *privkey = NULL;
	size_t pubkey_size, privkey_size;
	const char *error;
	int r;

	if (o->dh_params)
		look_at_dh_params(o->dh_params);
	r = file_read(o->tls_pubkey, KEYS_TLS_FILE_MAX, &pubkey, &pubkey_size);
	if (r < 0) {
		report_error("cannot read TLS public key %s: %s", o->tls_pubkey, strerror(-r));
		return EX_UNAVAILABLE;
	}
	r = file_read(o->tls_privkey, KEYS_TLS_FILE_MAX, &privkey, &privkey_size);
	if (r < 0) {
		report_error("cannot read TLS private key %s: %s", o->tls_privkey, strerror(-r));
		return EX_UNAVAILABLE;
	}
	r = tls_context_new_claimant_side(o->priority, pubkey, pubkey_size, privkey, privkey_size,
					  ret, &error);
	explicit_bzero(privkey, privkey_size);
	free(privkey);
	if (r == 0)
		return 0;
	if (r == -ENOMEM) {
		report_error("out of memory");
		return EX_OSERR;
	}
	if (r == -EINVAL) {
		report_error("--priority=%s is no GnuTLS priority string: %s", o->priority, error);
		return EX_USAGE;
	}
	report_error("cannot use TLS keys %s and %s: %s", o->tls_pubkey, o->tls_privkey, error);
	return EX_UNAVAILABLE;
}

static int open_key(const char *path, int *ret_fd)
{
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (*ret_fd >= 0)
		return 0;
	report_error("cannot open OpenPGP key %s: %s", path, strerror(errno));
	return -1;
}

static const char *culprit_path(const struct keys *k)
{
	return opener_culprit(k->opener) == OPENER_PUBLIC_KEY ? k->options->pubkey
							      : k->options->seckey;
}

static enum keys_state refuse(struct keys *k)
{
	report_error("cannot use OpenPGP key %s: %s", culprit_path(k),
		     opener_error_text(k->opener));
	k->deadline = USEC_NEVER;
	k->state = KEYS_UNUSABLE;
	return k->state;
}

int keys_start(struct keys *ret, struct opener *opener, struct warden *w, const struct options *o,
	       struct instant now)
{
	*ret = (struct keys){ .opener = opener, .options = o, .public_fd = -1, .secret_fd = -1 };
	if (open_key(o->pubkey, &ret->public_fd) < 0 || open_key(o->seckey, &ret->secret_fd) < 0)
		return -1;
	wall_clock_repair(now.real, ret->public_fd, w);
	ret->deadline = usec_add(now.boot, KEYS_CHECK_USEC);
	if (opener_check_start(opener, ret->public_fd, ret->secret_fd) < 0)
		(void)refuse(ret);
	return ret->state == KEYS_UNUSABLE ? -1 : 0;
}

void keys_deinit(struct keys *k)
{
	k->public_fd = fd_close(k->public_fd);
	k->secret_fd = fd_close(k->secret_fd);
}

enum keys_state keys_step(struct keys *k, struct instant now)
{
	if (k->state != KEYS_CHECKING)
		return k->state;
	if (opener_state(k->opener) == OPENER_BUSY && now.boot >= k->deadline)
		opener_cancel(k->opener, "it took too long");
	if (opener_state(k->opener) == OPENER_FAILED)
		return refuse(k);
	if (opener_state(k->opener) != OPENER_DONE)
		return k->state;
	report_debug("the OpenPGP keys %s and %s are good", k->options->pubkey, k->options->seckey);
	(void)opener_take(k->opener);
	k->deadline = USEC_NEVER;
	k->state = KEYS_READY;
	return k->state;
}
