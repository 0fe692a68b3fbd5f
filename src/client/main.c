/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mandos-client: gets this machine's disk password from a Mandos server, and prints it.
 *
 * Runs in the boot image, next to other plugins that ask for the same password; the first to print
 * one and exit with 0 wins. So 0 must never be the status of anything else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/secret.h"
#include "client/client.h"
#include "client/keys.h"
#include "client/network.h"
#include "client/options.h"
#include "client/privileges.h"
#include "client/report.h"
#include "client/signals.h"
#include "client/warden.h"
#include "tls/tls.h"

/* Far more than is needed. */
#define DESCRIPTORS_MAX 256

/* A socket that took the place of a closed standard output would be sent the password. */
static int check_standard_descriptors(void)
{
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
		report_error("standard output is closed: there is nowhere to print a password");
		return EX_IOERR;
	}
	while (fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDERR_FILENO, F_GETFD) < 0) {
		if (open("/dev/null", O_RDWR) < 0)
			return EX_OSERR;
	}
	return 0;
}

static int limit_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	limit.rlim_cur = MIN_OF(limit.rlim_cur, (rlim_t)DESCRIPTORS_MAX);
	limit.rlim_max = MIN_OF(limit.rlim_max, (rlim_t)DESCRIPTORS_MAX);
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

static int prepare_process(void)
{
	int r = check_standard_descriptors();

	if (r != 0)
		return r;
	r = privileges_start();
	if (r == 0)
		r = secret_process_harden();
	if (r == 0)
		return 0;
	report_error("cannot prepare the process: %s", strerror(-r));
	return EX_OSERR;
}

/* From here on this process is nobody special, and neither is what it executes. */
static int become_plain(void)
{
	int r = privileges_drop();

	if (r == 0)
		r = limit_descriptors();
	if (r == 0)
		return 0;
	report_error("cannot give up root's rights: %s", strerror(-r));
	return EX_OSERR;
}

static int drop_capabilities(void)
{
	int r = privileges_drop_capabilities();

	if (r == 0)
		return 0;
	report_error("cannot give up capabilities: %s", strerror(-r));
	return EX_OSERR;
}

static int fetch(const struct options *o, struct network *network, struct tls_context *tls)
{
	struct client_parts parts = {
		.options = o, .tls = tls, .warden = network->warden, .network = network
	};
	struct client client = { 0 };
	int r = client_start(&client, &parts);

	/* All files are open; what comes now comes from strangers. */
	if (r == 0)
		r = drop_capabilities();
	if (r == 0)
		r = client_run(&client);
	client_deinit(&client);
	return r;
}

static int use_network(const struct options *o, struct warden *w)
{
	struct network network;
	struct tls_context *tls;
	int status;
	int r = network_start(&network, o, w, instant_now().boot);

	if (r < 0) {
		report_error("cannot ask the kernel for network interfaces: %s", strerror(-r));
		status = EX_OSERR;
	} else {
		status = keys_load_tls(o, &tls);
		if (status == 0)
			status = fetch(o, &network, tls);
	}
	network_close(&network);
	return status;
}

/* CLI-MC-5, CLI-EXIT-1: the order of work. */
static int work(const struct options *o, struct warden *w)
{
	int status = EXIT_FAILURE;

	(void)warden_ask_plain(w, WARDEN_FIX_OWNERS);
	/* CLI-HOOK-9: a signal waits for the hook that runs. */
	while (!signals_caught() && warden_ask_plain(w, WARDEN_HOOK_START) > 0)
		;
	if (!signals_caught())
		status = use_network(o, w);
	while (warden_ask_plain(w, WARDEN_HOOK_STOP) > 0)
		;
	(void)warden_ask_plain(w, WARDEN_LINKS_DOWN);
	warden_stop(w);
	return status;
}

static void on_tls_debug(void *userdata, const char *line)
{
	(void)userdata;
	report_debug("GnuTLS: %s", line);
}

static int run(const struct options *o)
{
	struct warden warden;
	int status;
	int r = signals_start();

	if (r < 0) {
		report_error("cannot set up signals: %s", strerror(-r));
		return EX_OSERR;
	}
	if (o->debug)
		tls_set_debug(on_tls_debug, NULL); /* CLI-DBG-1 */
	r = warden_start(&warden, o);
	if (r < 0) {
		report_error("cannot start a process: %s", strerror(-r));
		return EX_OSERR;
	}
	status = become_plain();
	if (status == 0)
		return work(o, &warden);
	warden_stop(&warden);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	int status = prepare_process();
	int r;

	if (status != 0)
		return status;
	r = options_parse(argc, argv, &options);
	report_set_debug(r == OPTIONS_OK && options.debug);
	if (r == -ENOMEM)
		report_error("out of memory");
	status = r == OPTIONS_OK ? run(&options) : r == -ENOMEM ? EX_OSERR : EX_USAGE;
	options_deinit(&options);
	if (signals_caught()) {
		report_debug("ending by signal %d", signals_caught());
		signals_die(signals_caught());
	}
	report_debug("exit status %d", status);
	return status;
}
