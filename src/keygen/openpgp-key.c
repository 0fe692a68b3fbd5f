/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts go to and from GPGME through callbacks over struct secret: GPGME's own memory buffers grow
 * by realloc() and leave copies behind. What GPGME keeps between a pipe and a callback it erases,
 * if the data object is flagged sensitive.
 */
#include "keygen/openpgp-key.h"

#include <errno.h>
#include <gpgme.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "keygen/interrupt.h"
#include "keygen/openpgp-home.h"
#include "keygen/openpgp-loop.h"
#include "keygen/report.h"

#define FINGERPRINT_TEXT_SIZE 65 /* version 5 keys have 64 digits */
#define DIAGNOSIS_MAX	      512

struct openpgp {
	struct openpgp_home home;
	struct openpgp_loop loop;
	gpgme_ctx_t ctx;
	char fingerprint[FINGERPRINT_TEXT_SIZE];
};

/* What a GPGME data object reads from or writes to. */
struct buffer {
	struct secret *secret;
	size_t used; /* read or written so far; @secret->size is the bound */
};

static ssize_t on_read(void *handle, void *to, size_t size)
{
	struct buffer *b = handle;
	size_t n = MIN_OF(size, b->secret->size - b->used);

	memcpy(to, b->secret->data + b->used, n);
	b->used += n;
	return (ssize_t)n;
}

static ssize_t on_write(void *handle, const void *from, size_t size)
{
	struct buffer *b = handle;

	if (size > b->secret->size - b->used) {
		errno = EFBIG;
		return -1;
	}
	memcpy(b->secret->data + b->used, from, size);
	b->used += size;
	return (ssize_t)size;
}

static struct gpgme_data_cbs read_cbs = { .read = on_read };
static struct gpgme_data_cbs write_cbs = { .write = on_write };

static void data_freep(gpgme_data_t *data)
{
	if (*data)
		gpgme_data_release(*data);
}
#define _cleanup_data_ _cleanup_(data_freep)

static void key_freep(gpgme_key_t *key)
{
	if (*key)
		gpgme_key_unref(*key);
}

static void buffer_deinit(struct buffer *b)
{
	b->secret = secret_free(b->secret);
}
#define _cleanup_buffer_ _cleanup_(buffer_deinit)

void openpgp_key_pair_deinit(struct openpgp_key_pair *pair)
{
	pair->secret_key = secret_free(pair->secret_key);
	pair->public_key = secret_free(pair->public_key);
}

static int data_new(struct gpgme_data_cbs *cbs, struct buffer *b, gpgme_data_t *ret)
{
	if (gpgme_data_new_from_cbs(ret, cbs, b))
		return -ENOMEM;
	/* GPGME before 1.18 does not know the flag; there is nothing better to do with it. */
	(void)gpgme_data_set_flag(*ret, "sensitive", "1");
	return 0;
}

/* GnuPG's last line is the one that says why; earlier ones tell what it did meanwhile. */
static void last_line(char *text)
{
	size_t size = strlen(text);
	const char *line;

	while (size > 0 && text[size - 1] == '\n')
		text[--size] = '\0';
	line = strrchr(text, '\n');
	if (line)
		memmove(text, line + 1, strlen(line + 1) + 1);
}

static void read_diagnosis(struct openpgp *o, char *ret_text, size_t size)
{
	_cleanup_data_ gpgme_data_t data = NULL;
	gpgme_off_t start;
	ssize_t n;

	ret_text[0] = '\0';
	if (gpgme_data_new(&data) || gpgme_op_getauditlog(o->ctx, data, GPGME_AUDITLOG_DIAG))
		return;
	start = gpgme_data_seek(data, 0, SEEK_END) - (gpgme_off_t)size + 1;
	(void)gpgme_data_seek(data, MAX_OF(start, (gpgme_off_t)0), SEEK_SET);
	n = gpgme_data_read(data, ret_text, size - 1);
	ret_text[n > 0 ? n : 0] = '\0';
	last_line(ret_text);
}

static const char *advice(gpgme_error_t error)
{
	/* Only errors whose name does not say what to do. */
	static const struct {
		gpgme_err_code_t code;
		const char *text;
	} advices[] = {
		{ GPG_ERR_NO_PIN_ENTRY, "; the secret key is protected by a passphrase, which "
					"nobody can type in an unattended boot: make new keys" },
		{ GPG_ERR_UNUSABLE_SECKEY, "; it has expired or may not sign: make new keys" },
		{ GPG_ERR_UNUSABLE_PUBKEY, "; it has expired or may not encrypt: make new keys" },
		{ GPG_ERR_EFBIG, "; a client does not accept a message this long: use a shorter "
				 "password" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(advices); i++) {
		if (advices[i].code == gpgme_err_code(error))
			return advices[i].text;
	}
	return "";
}

static int report_gpgme(struct openpgp *o, const char *what, gpgme_error_t error)
{
	char diagnosis[DIAGNOSIS_MAX];

	read_diagnosis(o, diagnosis, sizeof(diagnosis));
	report_error("%s: %s%s%s%s%s", what, gpgme_strerror(error), diagnosis[0] ? " (" : "",
		     diagnosis, diagnosis[0] ? ")" : "", advice(error));
	return -EIO;
}

/* Waits for the operation that @started began and reports its failure. */
static int finish(struct openpgp *o, const char *what, gpgme_error_t started, usec_t wait)
{
	usec_t deadline = usec_add(instant_now().boot, wait);
	gpgme_error_t result = 0;
	int r;

	r = openpgp_loop_run(&o->loop, o->ctx, started, deadline, &result);
	if (r == -ECANCELED)
		return r; /* the user knows */
	if (r < 0) {
		report_error("%s: %s while waiting for GnuPG", what, strerror(-r));
		return r;
	}
	return result ? report_gpgme(o, what, result) : 0;
}

static int start_engine(struct openpgp *o)
{
	gpgme_error_t e;

	/* Also initialises the library, with GNUPGHOME as it is now. */
	(void)gpgme_check_version(NULL);
	e = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP);
	if (e) {
		report_error("cannot use GnuPG: %s; install the packages gnupg and gpg-agent",
			     gpgme_strerror(e));
		return -ENOENT;
	}
	if (gpgme_new(&o->ctx)) {
		report_error("cannot start GPGME: out of memory");
		return -ENOMEM;
	}
	gpgme_set_armor(o->ctx, 1);
	/* A key that needs a passphrase cannot be used in an unattended boot either. */
	(void)gpgme_set_pinentry_mode(o->ctx, GPGME_PINENTRY_MODE_ERROR);
	openpgp_loop_attach(&o->loop, o->ctx);
	return 0;
}

int openpgp_new(struct openpgp **ret)
{
	struct openpgp *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return -ENOMEM;
	r = openpgp_home_open(&o->home);
	if (r >= 0)
		r = start_engine(o);
	if (r < 0) {
		(void)openpgp_free(o);
		return r;
	}
	*ret = o;
	return 0;
}

struct openpgp *openpgp_free(struct openpgp *o)
{
	if (!o)
		return NULL;
	if (o->ctx)
		gpgme_release(o->ctx);
	openpgp_home_close(&o->home);
	free(o);
	return NULL;
}

static int export_key(struct openpgp *o, gpgme_export_mode_t mode, const char *header,
		      struct secret **ret)
{
	_cleanup_buffer_ struct buffer b = { .secret = secret_new(OPENPGP_KEY_MAX) };
	_cleanup_secret_ struct secret *armour = NULL;
	_cleanup_data_ gpgme_data_t data = NULL;
	int r;

	if (!b.secret || data_new(&write_cbs, &b, &data) < 0)
		return -ENOMEM;
	r = finish(o, "cannot export the OpenPGP key",
		   gpgme_op_export_start(o->ctx, o->fingerprint, GPGME_EXPORT_MODE_MINIMAL | mode,
					 data),
		   OPENPGP_WAIT);
	if (r < 0)
		return r;
	armour = secret_copy(b.secret->data, b.used);
	if (!armour)
		return -ENOMEM;
	r = openpgp_header_insert(armour, header, ret);
	if (r == -EBADMSG)
		report_error("cannot export the OpenPGP key: GnuPG gave no armoured key");
	return r;
}

static void warn_of_length(const char *what, const char *type, const char *asked, unsigned int made)
{
	if (!openpgp_is_curve(type) && strtoul(asked, NULL, 10) != made)
		report_warning("GnuPG made a %s of %u bits; it does not make one of %s", what, made,
			       asked);
}

static void warn_of_lengths(struct openpgp *o, const struct openpgp_params *p)
{
	_cleanup_(key_freep) gpgme_key_t key = NULL;

	if (gpgme_get_key(o->ctx, o->fingerprint, &key, 0) || !key->subkeys)
		return;
	warn_of_length("key", p->type, p->length, key->subkeys->length);
	if (key->subkeys->next)
		warn_of_length("subkey", p->subtype, p->sublength, key->subkeys->next->length);
}

static int make_key(struct openpgp *o, const struct openpgp_params *p)
{
	_cleanup_free_ char *block = NULL;
	gpgme_genkey_result_t result;
	int r;

	r = openpgp_params_format(p, &block);
	if (r < 0)
		return r;
	r = finish(o, "cannot make the OpenPGP key",
		   gpgme_op_genkey_start(o->ctx, block, NULL, NULL), OPENPGP_GENERATE_WAIT);
	if (r < 0)
		return r;
	result = gpgme_op_genkey_result(o->ctx);
	if (!result || !result->fpr || strlen(result->fpr) >= sizeof(o->fingerprint)) {
		report_error("cannot make the OpenPGP key: GnuPG did not name a new key; check the "
			     "key types");
		return -EIO;
	}
	strcpy(o->fingerprint, result->fpr);
	return 0;
}

int openpgp_generate(struct openpgp *o, const struct openpgp_params *p,
		     struct openpgp_key_pair *ret)
{
	_cleanup_(openpgp_key_pair_deinit) struct openpgp_key_pair pair = { 0 };
	_cleanup_free_ char *header = NULL;
	int r;

	r = openpgp_header_format(p, &header);
	if (r < 0)
		return r;
	r = make_key(o, p);
	if (r < 0)
		return r;
	warn_of_lengths(o, p);
	r = export_key(o, GPGME_EXPORT_MODE_SECRET, header, &pair.secret_key);
	if (r < 0)
		return r;
	r = export_key(o, 0, header, &pair.public_key);
	if (r < 0)
		return r;
	ret->secret_key = STEAL_PTR(pair.secret_key);
	ret->public_key = STEAL_PTR(pair.public_key);
	return 0;
}

static int import_key(struct openpgp *o, struct secret *armour, const char *what,
		      char ret_fingerprint[FINGERPRINT_TEXT_SIZE])
{
	struct buffer b = { .secret = armour };
	_cleanup_data_ gpgme_data_t data = NULL;
	gpgme_import_result_t result;
	int r;

	if (data_new(&read_cbs, &b, &data) < 0)
		return -ENOMEM;
	r = finish(o, what, gpgme_op_import_start(o->ctx, data), OPENPGP_WAIT);
	if (r < 0)
		return r;
	result = gpgme_op_import_result(o->ctx);
	if (!result || !result->imports || result->imports->result || !result->imports->fpr ||
	    strlen(result->imports->fpr) >= FINGERPRINT_TEXT_SIZE) {
		report_error("%s: there is no valid OpenPGP key in it", what);
		return -EIO;
	}
	strcpy(ret_fingerprint, result->imports->fpr);
	return 0;
}

int openpgp_load(struct openpgp *o, const struct openpgp_key_pair *pair)
{
	char public_fingerprint[FINGERPRINT_TEXT_SIZE], fingerprint[FINGERPRINT_TEXT_SIZE];
	int r;

	r = import_key(o, pair->public_key, "cannot use pubkey.txt", public_fingerprint);
	if (r < 0)
		return r;
	r = import_key(o, pair->secret_key, "cannot use seckey.txt", fingerprint);
	if (r < 0)
		return r;
	if (strcmp(public_fingerprint, fingerprint) != 0) {
		report_error("pubkey.txt and seckey.txt are of different keys: %s and %s; make new "
			     "keys or restore the right files",
			     public_fingerprint, fingerprint);
		return -EIO;
	}
	strcpy(o->fingerprint, fingerprint);
	return 0;
}

const char *openpgp_fingerprint(const struct openpgp *o)
{
	return o->fingerprint[0] ? o->fingerprint : NULL;
}

static int encrypt_and_sign(struct openpgp *o, gpgme_data_t plain, gpgme_data_t cipher)
{
	static const char what[] = "cannot encrypt to and sign with the OpenPGP key";
	_cleanup_(key_freep) gpgme_key_t key = NULL;
	gpgme_key_t recipients[] = { NULL, NULL };
	gpgme_error_t e;

	e = gpgme_get_key(o->ctx, o->fingerprint, &key, 1);
	if (e)
		return report_gpgme(o, what, e);
	gpgme_signers_clear(o->ctx);
	e = gpgme_signers_add(o->ctx, key);
	if (e)
		return report_gpgme(o, what, e);
	recipients[0] = key;
	gpgme_set_armor(o->ctx, 0);
	return finish(o, what,
		      gpgme_op_encrypt_sign_start(o->ctx, recipients,
						  GPGME_ENCRYPT_ALWAYS_TRUST |
							  GPGME_ENCRYPT_NO_ENCRYPT_TO,
						  plain, cipher),
		      OPENPGP_WAIT);
}

int openpgp_seal(struct openpgp *o, const struct secret *password, uint8_t **ret_message,
		 size_t *ret_size)
{
	_cleanup_buffer_ struct buffer in = { .secret =
						      secret_copy(password->data, password->size) };
	_cleanup_buffer_ struct buffer out = { .secret = secret_new(OPENPGP_MESSAGE_MAX) };
	_cleanup_data_ gpgme_data_t plain = NULL, cipher = NULL;
	uint8_t *message;
	int r;

	if (!in.secret || !out.secret || data_new(&read_cbs, &in, &plain) < 0 ||
	    data_new(&write_cbs, &out, &cipher) < 0)
		return -ENOMEM;
	r = encrypt_and_sign(o, plain, cipher);
	if (r < 0)
		return r;
	message = malloc(MAX_OF(out.used, (size_t)1));
	if (!message)
		return -ENOMEM;
	memcpy(message, out.secret->data, out.used);
	*ret_message = message;
	*ret_size = out.used;
	return 0;
}
