/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/try-boot.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pieces.h"
#include "keygen/crypttab.h"
#include "keygen/exit-status.h"
#include "keygen/fetch.h"
#include "keygen/install.h"
#include "keygen/interrupt.h"
#include "keygen/keyslot.h"
#include "keygen/report.h"

#define CRYPTTAB "/etc/crypttab"

/* What has become of the keyslots so far. */
struct trial {
	const struct pieces *password;
	size_t n_tried, n_open;
};

/* mandos-client would say so too, but not what to do about it. */
static int check_keys(const char *dir)
{
	static const char *const names[] = { FILE_PUBKEY, FILE_SECKEY, FILE_TLS_PUBKEY,
					     FILE_TLS_PRIVKEY };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[PATH_MAX];
		int n = snprintf(path, sizeof(path), "%s/%s", dir, names[i]);

		if (n < 0 || (size_t)n >= sizeof(path))
			errno = ENAMETOOLONG;
		else if (access(path, R_OK) == 0)
			continue;
		report_error("cannot read %s/%s: %s; %s", dir, names[i], strerror(errno),
			     errno == EACCES ? "run this as root, whose the keys are"
					     : "make keys first, or name their directory with "
					       "--dir");
		return -errno;
	}
	return 0;
}

static void report_shut(const struct keyslot *k)
{
	report_error("keyslot: %s does not open with the password that the server gave. If a boot "
		     "has to open it, run \"cryptsetup luksAddKey %s\" with that password, or "
		     "encrypt the right one with --password and put the section on the server; a "
		     "newline at its end counts. If not, name the others with --device",
		     k->device, k->device);
}

static int try_keyslot(struct trial *t, const struct keyslot *k)
{
	char words[KEYSLOT_WORDS_MAX];
	int r;

	t->n_tried++;
	if (access(k->device, R_OK) < 0) {
		report_error("keyslot: %s cannot be tried: %s%s", k->device, strerror(errno),
			     errno == EACCES ? "; run this as root" : "");
		return 0;
	}
	r = keyslot_try(k, t->password, words);
	switch (r) {
	case KEYSLOT_OPENS:
		report_success("Keyslot: %s opens with it.", k->device);
		t->n_open++;
		return 0;
	case KEYSLOT_STAYS_SHUT:
		report_shut(k);
		return 0;
	case KEYSLOT_UNTRIED:
		report_error("keyslot: %s cannot be tried: %s", k->device, words);
		return 0;
	default:
		if (r != -ECANCELED)
			report_error("keyslot: %s cannot be tried: %s", k->device, strerror(-r));
		return r;
	}
}

static int try_entry(struct trial *t, const struct crypttab_entry *e)
{
	char device[PATH_MAX];
	const struct keyslot k = { .device = device, .header = e->header, .slot = e->slot };

	if (e->why_not) {
		report_success("Keyslot: %s (%s) is not tried: %s.", e->source, e->name,
			       e->why_not);
		return 0;
	}
	if (crypttab_device(e->source, device) < 0)
		return 0;
	return try_keyslot(t, &k);
}

static int try_crypttab(struct trial *t)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	size_t size = 0;
	int r = file_read(CRYPTTAB, CRYPTTAB_MAX, &text, &size);

	if (r < 0) {
		report_error("keyslot: cannot read " CRYPTTAB ": %s; name the device with --device",
			     strerror(-r));
		return 0;
	}
	r = 0;
	for (char *line = strtok_r(text, "\n", &save); line && r >= 0;
	     line = strtok_r(NULL, "\n", &save)) {
		struct crypttab_entry e;

		if (crypttab_parse(line, &e))
			r = try_entry(t, &e);
	}
	return r;
}

static int try_devices(struct trial *t, const struct options *o)
{
	int r = 0;

	if (o->n_devices == 0)
		return try_crypttab(t);
	for (size_t i = 0; i < o->n_devices && r >= 0; i++) {
		const struct keyslot k = { .device = o->devices[i] };

		r = try_keyslot(t, &k);
	}
	return r;
}

static int conclude(const struct trial *t)
{
	if (t->n_tried == 0)
		report_error("the password came, but no keyslot was tried with it: there is no "
			     "device in " CRYPTTAB
			     " that is opened by a password; name one with --device");
	return t->n_tried > 0 && t->n_open == t->n_tried ? EXIT_SUCCESS : EXIT_NO_KEYSLOT;
}

int try_boot(const struct options *o, const char *dir)
{
	const struct fetch_plan plan = {
		.dir = dir, .words = o->words, .n_words = o->n_words, .wait = o->wait
	};
	_cleanup_(pieces_deinit) struct pieces password = { 0 };
	struct trial trial = { .password = &password };
	usec_t time = 0;
	int r = interrupt_init();

	if (r < 0) {
		report_error("cannot prepare for signals: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	if (check_keys(dir) < 0)
		return EXIT_FAILURE;
	report_success("Keys: those in %s.", dir);
	if (fetch_password(&plan, &password, &time) < 0)
		return EXIT_NO_PASSWORD;
	report_success("Password: a server gave it, and it could be decrypted, after %llu ms.",
		       (unsigned long long)(time / USEC_PER_MSEC));
	return try_devices(&trial, o) < 0 ? EXIT_FAILURE : conclude(&trial);
}
