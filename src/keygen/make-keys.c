/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/make-keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "keygen/exit-status.h"
#include "keygen/install.h"
#include "keygen/interrupt.h"
#include "keygen/openpgp-key.h"
#include "keygen/report.h"
#include "keygen/tls-key.h"

static void openpgp_freep(struct openpgp **o)
{
	(void)openpgp_free(*o);
}

static void print_time(const char *what)
{
	time_t now = (time_t)(instant_now().real / USEC_PER_SEC);
	char text[64] = "";
	struct tm tm;

	if (localtime_r(&now, &tm))
		(void)strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Z %Y", &tm);
	(void)printf("%s: %s\n", what, text);
	(void)fflush(stdout);
}

static void make_tls_keys(const struct options *o, struct tls_key_pair *ret)
{
	const char *why = "";

	if (tls_key_generate(o->tls_key_type, ret, &why) != TLS_KEY_OK)
		report_warning("no TLS key of type \"%s\" was made: %s; without one the client "
			       "cannot talk to a server. Name another with --tls-keytype, for "
			       "instance ed25519",
			       o->tls_key_type, why);
}

static int make_openpgp_keys(const struct options *o, struct openpgp_key_pair *ret)
{
	const struct openpgp_params params = {
		.type = o->type,
		.length = o->length,
		.subtype = o->subtype,
		.sublength = o->sublength,
		.name = o->name,
		.email = o->email,
		.comment = o->comment,
		.expire = o->expire,
	};
	_cleanup_(openpgp_freep) struct openpgp *openpgp = NULL;
	int r;

	r = openpgp_new(&openpgp);
	if (r < 0)
		return r;
	return openpgp_generate(openpgp, &params, ret);
}

static int install(const struct options *o, const char *dir, const struct tls_key_pair *tls,
		   const struct openpgp_key_pair *openpgp)
{
	const struct install_file files[] = {
		{ FILE_TLS_PRIVKEY, tls->private_pem },
		{ FILE_TLS_PUBKEY, tls->public_pem },
		{ FILE_SECKEY, openpgp->secret_key },
		{ FILE_PUBKEY, openpgp->public_key },
	};

	if (install_files(dir, files, ARRAY_SIZE(files), o->force) < 0)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

/* Which pairs are to be made: with --keep those that are not there. */
struct wanted {
	bool tls, openpgp;
};

static int find_wanted(const struct options *o, const char *dir, struct wanted *ret)
{
	bool has_tls = false, has_openpgp = false;

	if (o->keep && (install_find_pair(dir, FILE_TLS_PRIVKEY, FILE_TLS_PUBKEY, &has_tls) < 0 ||
			install_find_pair(dir, FILE_SECKEY, FILE_PUBKEY, &has_openpgp) < 0))
		return -1;
	*ret = (struct wanted){ .tls = !has_tls, .openpgp = !has_openpgp };
	return 0;
}

static int generate_and_install(const struct options *o, const char *dir,
				const struct wanted *wanted)
{
	_cleanup_(openpgp_key_pair_deinit) struct openpgp_key_pair openpgp = { 0 };
	_cleanup_(tls_key_pair_deinit) struct tls_key_pair tls = { 0 };
	int r;

	/* First, since it cannot be interrupted from inside; see tls-key.h. */
	if (wanted->tls)
		make_tls_keys(o, &tls);
	r = interrupt_init();
	if (r < 0) {
		report_error("cannot prepare for signals: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	if (wanted->openpgp && make_openpgp_keys(o, &openpgp) < 0)
		return EXIT_OPENPGP;
	/* CLI-KEY-6 is lenient because there is something else to install. */
	if (!wanted->openpgp && wanted->tls && !tls.private_pem)
		return EXIT_FAILURE;
	/* The last moment to turn back; the installation itself takes milliseconds. */
	if (interrupt_signal())
		return EXIT_FAILURE;
	return install(o, dir, &tls, &openpgp);
}

int make_keys(const struct options *o, const char *dir)
{
	/* The reference asks standard input whether somebody is watching. */
	bool is_watched = isatty(STDIN_FILENO);
	struct wanted wanted;
	int status;

	if (find_wanted(o, dir, &wanted) < 0)
		return EXIT_FAILURE;
	if (is_watched) {
		(void)printf("Making keys needs randomness and may take a while, on a small or\n"
			     "newly started machine many minutes. Please be patient.\n");
		print_time("Started");
	}
	status = generate_and_install(o, dir, &wanted);
	if (is_watched && status == EXIT_SUCCESS)
		print_time("Finished");
	return status;
}
