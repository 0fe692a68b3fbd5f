/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/make-password.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "keygen/exit-status.h"
#include "keygen/install.h"
#include "keygen/interrupt.h"
#include "keygen/openpgp-key.h"
#include "keygen/prompt.h"
#include "keygen/report.h"
#include "keygen/secfile.h"
#include "keygen/section.h"
#include "keygen/ssh-key.h"
#include "keygen/tls-key.h"

/* Everything the section is made of, while it is being gathered. */
struct parts {
	char key_id[KEY_ID_TEXT_SIZE]; /* empty: none */
	char *fingerprint;
	uint8_t *message;
	size_t message_size;
	struct ssh_key ssh; /* type NULL: none */
};

static void parts_deinit(struct parts *p)
{
	free(p->fingerprint);
	free(p->message);
	free(p->ssh.key);
}

static void openpgp_freep(struct openpgp **o)
{
	(void)openpgp_free(*o);
}

static struct secret *secret_take(char *data, size_t size)
{
	struct secret *s = secret_copy(data, size);

	secret_erase(data, size);
	free(data);
	return s;
}

static int read_key_file(const char *dir, const char *name, struct secret **ret)
{
	char path[PATH_MAX], *data = NULL;
	size_t size = 0;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);
	int r = n < 0 || (size_t)n >= sizeof(path) ? -ENAMETOOLONG : 0;

	if (r == 0)
		r = file_read(path, KEY_FILE_MAX, &data, &size);
	if (r < 0) {
		report_error("cannot read %s/%s: %s; make keys first, or name their directory with "
			     "--dir",
			     dir, name, strerror(-r));
		return r;
	}
	*ret = secret_take(data, size);
	return *ret ? 0 : -ENOMEM;
}

static int read_openpgp_keys(const char *dir, struct openpgp_key_pair *ret)
{
	int r = read_key_file(dir, FILE_PUBKEY, &ret->public_key);

	return r < 0 ? r : read_key_file(dir, FILE_SECKEY, &ret->secret_key);
}

/* No readable file, no key ID: the server can then only know this client by its fingerprint. */
static int read_key_id(const char *dir, char ret_text[KEY_ID_TEXT_SIZE])
{
	_cleanup_free_ char *pem = NULL;
	const char *why = "";
	char path[PATH_MAX];
	size_t size = 0;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, FILE_TLS_PUBKEY);

	if (n < 0 || (size_t)n >= sizeof(path) || access(path, R_OK) < 0)
		return 0;
	n = file_read(path, TLS_KEY_PEM_MAX, &pem, &size);
	if (n < 0) {
		report_error("cannot read %s: %s", path, strerror(-n));
		return n;
	}
	if (tls_key_id(pem, size, ret_text, &why) != TLS_KEY_OK) {
		report_error("%s holds no public key: %s; make new keys, or remove the file for a "
			     "section without a key ID",
			     path, why);
		return -EBADMSG;
	}
	return 0;
}

static int read_passfile(const char *path, struct secret **ret)
{
	char *data = NULL;
	size_t size = 0;
	int r;

	/* The reference leaves the file to cat(1), to which "-" is standard input. */
	if (strcmp(path, "-") == 0)
		r = file_read_fd(STDIN_FILENO, PASSFILE_MAX, &data, &size);
	else
		r = file_read(path, PASSFILE_MAX, &data, &size);
	if (r == -EFBIG) {
		report_error("password file %s is longer than %zu bytes, the most that a client "
			     "accepts",
			     path, PASSFILE_MAX);
		return r;
	}
	if (r < 0) {
		report_error("cannot read the password file %s: %s", path, strerror(-r));
		return r;
	}
	*ret = secret_take(data, size);
	return *ret ? 0 : -ENOMEM;
}

/* An exit status; @parts gets fingerprint and message. */
static int seal(const struct options *o, const char *dir, struct parts *parts)
{
	_cleanup_(openpgp_key_pair_deinit) struct openpgp_key_pair keys = { 0 };
	_cleanup_(openpgp_freep) struct openpgp *openpgp = NULL;
	_cleanup_secret_ struct secret *password = NULL;
	int r;

	/* Before the question: nobody should type a password for nothing. */
	if (read_openpgp_keys(dir, &keys) < 0 || openpgp_new(&openpgp) < 0 ||
	    openpgp_load(openpgp, &keys) < 0)
		return EXIT_OPENPGP;
	r = o->passfile ? read_passfile(o->passfile, &password) : prompt_passphrase(&password);
	if (r < 0)
		return EXIT_FAILURE;
	if (openpgp_seal(openpgp, password, &parts->message, &parts->message_size) < 0)
		return EXIT_OPENPGP;
	parts->fingerprint = strdup(openpgp_fingerprint(openpgp));
	return parts->fingerprint ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print(const struct options *o, const struct parts *p, const struct secfile *file)
{
	const struct section section = {
		.name = o->name,
		.key_id = p->key_id[0] ? p->key_id : NULL,
		.fingerprint = p->fingerprint,
		.secfile = file ? file->path : NULL,
		.message = p->message,
		.message_size = p->message_size,
		.ssh_type = p->ssh.type,
		.ssh_key = p->ssh.key,
	};

	if (section_write(stdout, &section) < 0 || fflush(stdout) != 0 || ferror(stdout)) {
		report_error("cannot write the section to standard output: %s; what was written is "
			     "not complete",
			     strerror(errno));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int gather(const struct options *o, const char *dir, struct parts *parts)
{
	int status;

	if (read_key_id(dir, parts->key_id) < 0)
		return EXIT_FAILURE;
	status = seal(o, dir, parts);
	if (status != EXIT_SUCCESS)
		return status;
	if (!o->no_ssh && ssh_key_find(&parts->ssh) < 0)
		return EXIT_FAILURE;
	return interrupt_signal() ? EXIT_FAILURE : EXIT_SUCCESS;
}

int make_password(const struct options *o, const char *dir)
{
	_cleanup_(parts_deinit) struct parts parts = { 0 };
	struct secfile secfile, *file = o->secfile ? &secfile : NULL;
	int status, r;

	r = interrupt_init();
	if (r < 0) {
		report_error("cannot prepare for signals: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	if (file && secfile_prepare(o->secfile, o->force, file) < 0)
		return EXIT_FAILURE;
	status = gather(o, dir, &parts);
	if (status != EXIT_SUCCESS)
		return status;
	if (file && secfile_write(file, parts.message, parts.message_size, o->force) < 0)
		return EXIT_FAILURE;
	return print(o, &parts, file);
}
