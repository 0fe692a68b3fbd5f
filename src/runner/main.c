/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugin-runner: runs all plugins side by side and prints the password of the first that has one.
 *
 * A boot waits for it, so nothing here may end it without a password or a question: whatever goes
 * wrong leads to the prompt, and only the exit status tells.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/secret.h"
#include "base/util.h"
#include "runner/catalogue.h"
#include "runner/config-file.h"
#include "runner/console.h"
#include "runner/identity.h"
#include "runner/options.h"
#include "runner/race.h"

/* What points into these is used to the end. */
struct configuration {
	struct words file;
	struct words names;
};

/* A pipe that took the place of a closed descriptor would be a plugin's standard input, or be sent
 * the password. Reading only, so that writing to a closed standard output still fails. */
static void open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	(void)fd_close(fd);
}

/* The status that a result of options_parse() means; -1: something was shown, end. */
static int options_status(int result, int bad)
{
	switch (result) {
	case OPTIONS_OK:
		return 0;
	case OPTIONS_SHOWN:
		return -1;
	case OPTIONS_BAD:
		return bad;
	case -EOVERFLOW:
		report_error("more options than can be kept");
		return bad;
	default:
		report_error("cannot read the options: %s", strerror(-result));
		return EX_OSERR;
	}
}

static int read_file(struct settings *s, struct words *words)
{
	int r = words_add(words, "plugin-runner");

	if (r == 0)
		r = config_file_read(s->config_file, words);
	if (r < 0) {
		report_error("cannot read %s: %s", s->config_file, strerror(-r));
		return r == -EFBIG || r == -EOVERFLOW ? EX_CONFIG : EX_OSERR;
	}
	r = options_parse((int)words->n, words->list, OPTIONS_FROM_FILE, s);
	return options_status(r, EX_CONFIG);
}

static int read_settings(int argc, char **argv, struct settings *s, struct words *file)
{
	int status;

	settings_init(s);
	status = options_status(options_parse(argc, argv, OPTIONS_FIND_FILE, s), EX_USAGE);
	if (status == 0)
		status = read_file(s, file);
	if (status == 0)
		status = options_status(options_parse(argc, argv, OPTIONS_ALL, s), EX_USAGE);
	return status;
}

static void show_words(const char *what, const struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		report_debug("  %s: %s", what, w->list[i]);
}

static void show_settings(const struct settings *s)
{
	report_debug("for every plugin:");
	show_words("argument", &s->args);
	show_words("environment", &s->env);
	for (size_t i = 0; i < s->n_plugins; i++) {
		report_debug("for '%s'%s:", s->plugins[i].name,
			     s->plugins[i].disabled ? " (disabled)" : "");
		show_words("argument", &s->plugins[i].args);
		show_words("environment", &s->plugins[i].env);
	}
}

/* For whoever tries a plugin without a boot; what it prints is no password, and nobody is asked. */
static int show_options(const struct settings *s)
{
	const struct plugin_settings *own = settings_find(s, s->shown);
	const struct words *lists[] = { own ? &own->args : NULL, &s->args };

	if (own && own->disabled) {
		report_error("'%s' is disabled", s->shown);
		return EX_UNAVAILABLE;
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (size_t j = 0; lists[i] && j < lists[i]->n; j++)
			(void)printf("%s\n", lists[i]->list[j]);
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EX_IOERR;
}

static int find_plugins(struct race *race, struct words *names)
{
	int r = catalogue_read(&race->settings, names);

	if (r != 0)
		report_error("cannot read the plugin directory %s: %s", race->settings.plugin_dir,
			     strerror(abs(r)));
	if (r != 0)
		return r < 0 ? EX_UNAVAILABLE : EX_OSERR;
	for (size_t i = 0; i < names->n; i++) {
		if (race_add(race, names->list[i]) < 0)
			report_error("'%s' is not started: %d plugins are the most", names->list[i],
				     RACE_PLUGINS_MAX);
	}
	/* CLI-RUN-36. */
	if (names->n == 0 && race->settings.n_plugins > 0)
		report_error("no plugin was started; is %s the right plugin directory?",
			     race->settings.plugin_dir);
	return 0;
}

/* 0, the status that goes with a prompt, or -1: something was shown, end. With --show-options the
 * status to end with. */
static int begin(int argc, char **argv, struct race *race, struct configuration *c)
{
	int status = read_settings(argc, argv, &race->settings, &c->file);
	int r;

	if (status < 0 || (status != 0 && race->settings.shown))
		return status;
	if (race->settings.shown)
		return show_options(&race->settings);
	if (status == 0) {
		console_set_debug(race->settings.debug);
		show_settings(&race->settings);
		identity_enter(&race->settings);
	}
	/* Without this only the memory is less safe: no reason to leave a machine without its
	 * password. */
	r = secret_process_harden();
	if (r < 0)
		report_error("cannot protect the password's memory: %s", strerror(-r));
	r = signals_start(&race->signals);
	if (r < 0) {
		report_error("cannot set up signals: %s", strerror(-r));
		return EX_OSERR;
	}
	if (status == 0)
		status = find_plugins(race, &c->names);
	if (status == 0 && race_start(race) < 0)
		status = EX_OSERR;
	return status;
}

static int deliver(struct race *race)
{
	const struct pieces *output;
	int r = race_run(race, &output);

	return r < 0 ? r : race_deliver(race, output);
}

static int conclude(struct race *race, int status)
{
	int r;

	/* With an error, the terminal is the prompt's alone. */
	if (status != 0)
		race_stop(race);
	r = deliver(race);
	if (r < 0 && r != -EINTR && r != -EPIPE) {
		report_error("cannot write the password: %s", strerror(-r));
		status = EX_IOERR;
		race_stop(race);
		race_forget(race);
		race->has_input_ended = false;
		r = deliver(race);
	}
	race_forget(race);
	race_stop(race);
	if (race->signals.caught)
		signals_die(race->signals.caught);
	if (r == -EPIPE)
		signals_die(SIGPIPE);
	return status;
}

int main(int argc, char **argv)
{
	static struct race race = { .signals = { .fd = -1 } };
	struct configuration configuration = { 0 };
	int status;

	open_standard_descriptors();
	console_open();
	race.environment = environ;
	status = begin(argc, argv, &race, &configuration);
	if (status < 0)
		status = EXIT_SUCCESS;
	else if (!race.settings.shown)
		status = conclude(&race, status);
	race_deinit(&race);
	words_deinit(&configuration.file);
	words_deinit(&configuration.names);
	return status;
}
