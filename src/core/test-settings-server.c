/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mandos.conf and the merge: SRV-CLI-6 to -8, SRV-CONF-1 to -5, SRV-INI-2, SRV-LOG-3, -4. */
#include "core/test-settings.h"

static void test_settings_read__no_file__built_in_defaults(void **state)
{
	struct outcome o;

	READ(&o, "--foreground");
	assert_int_equal(o.result, SETTINGS_RUN);
	assert_string_equal(o.err, "");
	assert_string_equal(o.settings.interface, "");
	assert_string_equal(o.settings.address, "");
	assert_int_equal(o.settings.port, -1);
	assert_int_equal(o.settings.socket, -1);
	assert_false(o.settings.debug);
	assert_int_equal(o.settings.log_threshold, LOG_LEVEL_WARNING);
	/* SRV-CONF-5 */
	assert_string_equal(o.settings.priority,
			    "SECURE128:!CTYPE-X.509:+CTYPE-RAWPK:!RSA:!VERS-ALL:+VERS-TLS1.3:"
			    "%PROFILE_ULTRA");
	assert_string_equal(o.settings.service_name, "Mandos");
	assert_string_equal(o.settings.state_dir, STATE_DIR);
	assert_true(o.settings.use_dbus);
	assert_true(o.settings.use_ipv6);
	assert_true(o.settings.restore);
	assert_true(o.settings.zeroconf);
	assert_int_equal(o.settings.max_connections, 10000);
	assert_int_equal(o.settings.max_connections_per_source, 200);
	assert_int_equal(o.settings.gates, 0);
	settings_deinit(&o.settings);
	settings_deinit(&o.settings); /* twice is harmless */
}

static void test_settings_read__every_key__arrives(void **state)
{
	struct outcome o;

	write_config("mandos.conf", "[Other]\n"
				    "debug = neither\n"
				    "port = none\n"
				    "[DEFAULT]\n"
				    "Interface = lo ; x\n"
				    "address: ::1\n"
				    "port = +0012\n"
				    "debuglevel = wArN\n"
				    "priority = A%%B%C\n"
				    "servicename = 50%% off %(port)s\n"
				    "use_dbus = no\n"
				    "use_ipv6 = %(use_dbus)s\n"
				    "restore = 0\n"
				    "socket =\n"
				    "statedir = /x\n"
				    "foreground = ON\n"
				    "zeroconf = False\n"
				    "max_connections = 7\n"
				    "max_connections_per_source = 6\n"
				    "gates = 64\n"
				    "unknown = whatever\n");
	READ(&o, "--no-dbus");
	assert_string_equal(o.err, "");
	assert_int_equal(o.result, SETTINGS_RUN);
	assert_string_equal(o.settings.interface, "lo ; x"); /* SRV-INI-3 */
	assert_string_equal(o.settings.address, "::1");
	assert_int_equal(o.settings.port, 12);
	assert_int_equal(o.settings.log_threshold, LOG_LEVEL_WARNING);
	/* SRV-CONF-2: strings as written, numbers and flags interpolated. */
	assert_string_equal(o.settings.priority, "A%%B%C");
	assert_string_equal(o.settings.service_name, "50%% off %(port)s");
	assert_false(o.settings.use_dbus);
	assert_false(o.settings.use_ipv6);
	assert_false(o.settings.restore);
	assert_int_equal(o.settings.socket, -1);
	assert_string_equal(o.settings.state_dir, "/x");
	assert_true(o.settings.foreground);
	assert_false(o.settings.debug);
	assert_false(o.settings.zeroconf);
	assert_int_equal(o.settings.max_connections, 7);
	assert_int_equal(o.settings.max_connections_per_source, 6);
	assert_int_equal(o.settings.gates, 64);
	settings_deinit(&o.settings);
}

/* SRV-CLI-6 */
static void test_settings_read__given_on_both__the_command_line_wins(void **state)
{
	struct outcome o;

	write_config("mandos.conf", "[DEFAULT]\ninterface = eth0\naddress = ::1\nport = 5\n"
				    "servicename = file\ndebuglevel = ERROR\nstatedir = /file\n"
				    "priority = FILE\nsocket = 88\n");
	READ(&o, "-i", "", "--address=", "-p0", "--servicename=", "--debuglevel", "",
	     "--statedir=", "--priority=P", "--socket=77");
	assert_int_equal(o.result, SETTINGS_RUN);
	assert_string_equal(o.settings.interface, "");
	assert_string_equal(o.settings.address, "");
	assert_int_equal(o.settings.port, 0);
	assert_string_equal(o.settings.service_name, "");
	assert_int_equal(o.settings.log_threshold, LOG_LEVEL_WARNING);
	assert_string_equal(o.settings.state_dir, "/"); /* SRV-PROC-2: relative to it */
	assert_string_equal(o.settings.priority, "P");
	assert_int_equal(o.settings.socket, 77);
	settings_deinit(&o.settings);
}

static void test_settings_read__debug_in_the_file__forces_foreground(void **state)
{
	struct outcome o;

	write_config("mandos.conf",
		     "[DEFAULT]\ndebug = yes\nforeground = no\ndebuglevel = ERROR\n");
	READ(&o, "--no-dbus");
	assert_true(o.settings.debug);
	assert_true(o.settings.foreground);			     /* SRV-CLI-7 */
	assert_int_equal(o.settings.log_threshold, LOG_LEVEL_DEBUG); /* SRV-LOG-3 */
	settings_deinit(&o.settings);
}

/* SRV-CLI-8 */
static void test_settings_read__nobody_could_find_the_server__is_a_usage_error(void **state)
{
	static const char *const bad[][2] = { { "--no-zeroconf" }, { "--no-zeroconf", "-p0" } };
	static const char *const good[][2] = { { "--no-zeroconf", "-p1" },
					       { "--no-zeroconf", "--socket=3" } };
	struct outcome o;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		READ(&o, bad[i][0], bad[i][1]);
		assert_int_equal(o.result, SETTINGS_USAGE);
		assert_contains(o.err, "\nmandos: error: Needs port or socket to work without "
				       "Zeroconf\n");
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		READ(&o, good[i][0], good[i][1]);
		assert_int_equal(o.result, SETTINGS_RUN);
		settings_deinit(&o.settings);
	}
	write_config("mandos.conf", "[DEFAULT]\nzeroconf = off\n");
	READ(&o, "--check-config");
	assert_int_equal(o.result, SETTINGS_USAGE);
}

static void expect_failure(const char *text, unsigned int line, const char *what)
{
	struct outcome o;
	char want[512];

	write_config("mandos.conf", text);
	READ(&o, "-p1", "--socket=77", "--foreground", "--debuglevel=INFO");
	(void)snprintf(want, sizeof(want), "mandos: %s/mandos.conf:%u: %s\n", config_dir, line,
		       what);
	assert_string_equal(o.err, want);
	assert_int_equal(o.result, SETTINGS_FAILED);
}

/* SRV-CONF-3: one line with file, line and key; also where the command line overrides. */
static void test_settings_read__bad_value__is_named(void **state)
{
	expect_failure("[DEFAULT]\nuse_ipv6 = maybe\n", 2,
		       "use_ipv6: 'maybe' is neither yes nor no");
	expect_failure("[DEFAULT]\n\nforeground =\n", 3, "foreground: '' is neither yes nor no");
	expect_failure("[DEFAULT]\nport = 0x10\n", 2, "port: '0x10' is no integer");
	expect_failure("[DEFAULT]\nport = 65536\n", 2, "port: 65536 is no port (0 to 65535)");
	expect_failure("[DEFAULT]\nport = -1\n", 2, "port: -1 is no port (0 to 65535)");
	expect_failure("[DEFAULT]\nsocket = a\n", 2, "socket: 'a' is no integer");
	expect_failure("[DEFAULT]\nsocket = -1\n", 2,
		       "socket: -1 is no file descriptor (0 to 1048576)");
	expect_failure("[DEFAULT]\nmax_connections = 0\n", 2,
		       "max_connections: 0 is no number of connections (1 to 1000000)");
	expect_failure("[DEFAULT]\nmax_connections_per_source = 1000001\n", 2,
		       "max_connections_per_source: 1000001 is no number of connections (1 to "
		       "1000000)");
	expect_failure("[DEFAULT]\ngates = 65\n", 2, "gates: 65 is no number of gates (0 to 64)");
	expect_failure("[DEFAULT]\ndebug = %(none)s\n", 2,
		       "debug: a reference names a key that is not defined");
	expect_failure("[DEFAULT]\n\nport 1\n", 3,
		       "this is no section header, [NAME], no option, KEY = VALUE, and no comment; "
		       "a line that continues a value must be indented");
}

static void test_settings_read__several_bad_lines__all_are_named(void **state)
{
	struct outcome o;

	write_config("mandos.conf", "x\n[DEFAULT]\nport = a\nrestore = b\nzeroconf = c\n");
	READ(&o, "--foreground");
	assert_int_equal(o.result, SETTINGS_FAILED);
	assert_int_equal(count_lines(o.err), 4);
}

static void test_settings_read__at_the_bounds__is_accepted(void **state)
{
	struct outcome o;

	write_config("mandos.conf",
		     "[DEFAULT]\nport = 65535\nmax_connections = 1000000\n"
		     "max_connections_per_source = 1\ngates = 0\nsocket = 1048576\n");
	READ(&o, "--foreground");
	assert_int_equal(o.result, SETTINGS_RUN);
	assert_int_equal(o.settings.port, 65535);
	assert_int_equal(o.settings.max_connections, 1000000);
	assert_int_equal(o.settings.max_connections_per_source, 1);
	assert_int_equal(o.settings.socket, 1048576);
	settings_deinit(&o.settings);
	/* An empty number is one that is not set. */
	write_config("mandos.conf", "[DEFAULT]\nport =\nmax_connections =\ngates =\n");
	READ(&o, "--foreground");
	assert_int_equal(o.result, SETTINGS_RUN);
	assert_int_equal(o.settings.port, -1);
	assert_int_equal(o.settings.max_connections, 10000);
	settings_deinit(&o.settings);
}

static void test_settings_read__port_out_of_range_on_the_command_line__fails(void **state)
{
	struct outcome o;

	READ(&o, "--port", "-1");
	assert_int_equal(o.result, SETTINGS_FAILED);
	assert_string_equal(o.err, "mandos: --port: -1 is no port (0 to 65535)\n");
	READ(&o, "--port", "65536");
	assert_int_equal(o.result, SETTINGS_FAILED);
}

/* SRV-LOG-4 */
static void test_settings_read__debuglevel__words_and_errors(void **state)
{
	struct outcome o;

	READ(&o, "--debuglevel", "Fatal");
	assert_int_equal(o.settings.log_threshold, LOG_LEVEL_CRITICAL);
	settings_deinit(&o.settings);
	READ(&o, "--debuglevel", "notset");
	assert_int_equal(o.settings.log_threshold, LOG_LEVEL_DEBUG);
	settings_deinit(&o.settings);
	READ(&o, "--debuglevel", "loud");
	assert_int_equal(o.result, SETTINGS_USAGE);
	assert_contains(o.err, "argument --debuglevel: invalid level: 'loud'");
	READ(&o, "--debuglevel", "loud", "--debug");
	assert_int_equal(o.result, SETTINGS_RUN);
	settings_deinit(&o.settings);
	write_config("mandos.conf", "[DEFAULT]\ndebuglevel = loud\n");
	READ(&o, "--foreground");
	assert_int_equal(o.result, SETTINGS_FAILED);
	assert_contains(o.err, "mandos.conf:2: debuglevel: 'loud' is none of");
}

/* SRV-CONF-4 */
static void test_settings_read__socket_among_the_standard_descriptors__is_moved(void **state)
{
	struct outcome o;

	READ(&o, "--socket", "0");
	assert_int_equal(o.result, SETTINGS_RUN);
	assert_true(o.settings.socket > 2);
	assert_true(fcntl(o.settings.socket, F_GETFD) & FD_CLOEXEC);
	(void)close(o.settings.socket);
	settings_deinit(&o.settings);

	write_config("mandos.conf", "[DEFAULT]\nsocket = 2\n");
	READ(&o, "--foreground");
	assert_int_equal(o.result, SETTINGS_RUN);
	assert_true(o.settings.socket > 2);
	(void)close(o.settings.socket);
	settings_deinit(&o.settings);
}

static void test_settings_read__socket_that_is_closed__fails(void **state)
{
	struct outcome o;
	int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 100);

	(void)close(STDIN_FILENO);
	READ(&o, "--socket", "0");
	(void)dup2(kept, STDIN_FILENO);
	(void)close(kept);
	assert_int_equal(o.result, SETTINGS_FAILED);
	assert_contains(o.err, "socket: descriptor 0 cannot be used: Bad file descriptor");
}

static void set_activation(const char *n)
{
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	(void)setenv("LISTEN_PID", pid, 1);
	(void)setenv("LISTEN_FDS", n, 1);
}

/* Descriptors 3 and up as a socket unit hands them over. */
static void open_activated(int n)
{
	for (int i = 0; i < n; i++) {
		assert_int_equal(fcntl(3 + i, F_GETFD), -1);
		assert_int_equal(dup2(STDIN_FILENO, 3 + i), 3 + i);
	}
}

static void test_settings_read__sockets_of_a_socket_unit__the_first_is_used(void **state)
{
	struct outcome o;

	open_activated(2);
	set_activation("2");
	READ(&o, "--no-zeroconf"); /* SRV-CLI-8: a socket is given */
	assert_int_equal(o.result, SETTINGS_RUN);
	assert_int_equal(o.settings.socket, 3);
	assert_int_equal(fcntl(4, F_GETFD), -1);
	assert_true(fcntl(3, F_GETFD) & FD_CLOEXEC);
	assert_null(getenv("LISTEN_FDS"));
	settings_deinit(&o.settings);
	(void)close(3);
}

static void test_settings_read__socket_unit_and_port__the_port_wins(void **state)
{
	struct outcome o;

	open_activated(1);
	set_activation("1");
	READ(&o, "--port=4711");
	assert_int_equal(o.result, SETTINGS_RUN);
	assert_int_equal(o.settings.socket, -1);
	assert_int_equal(fcntl(3, F_GETFD), -1);
	settings_deinit(&o.settings);
}

/* SRV-PROC-2 */
static void test_settings_read__daemon__relative_directories_become_absolute(void **state)
{
	static const char *const daemon[] = { "--configdir", "a/b", "--statedir", "c/d", NULL };
	static const char *const foreground[] = { "--configdir", "a/b",		 "--statedir",
						  "c/d",	 "--foreground", NULL };
	char *old = getcwd(NULL, 0);
	struct outcome o;
	char expected[128];

	assert_int_equal(chdir(config_dir), 0);
	read_settings(daemon, &o);
	assert_int_equal(o.result, SETTINGS_RUN);
	(void)snprintf(expected, sizeof(expected), "%s/a/b", config_dir);
	assert_string_equal(o.settings.config_dir, expected);
	assert_string_equal(o.settings.state_dir, "/c/d");
	settings_deinit(&o.settings);

	read_settings(foreground, &o);
	assert_int_equal(o.result, SETTINGS_RUN);
	assert_string_equal(o.settings.config_dir, "a/b");
	assert_string_equal(o.settings.state_dir, "c/d");
	settings_deinit(&o.settings);
	assert_int_equal(chdir(old), 0);
	free(old);
}

/* SRV-INI-2 */
static void test_settings_read__file_cannot_be_read__is_a_warning(void **state)
{
	struct outcome o;
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/mandos.conf", config_dir);
	assert_int_equal(mkdir(path, 0700), 0);
	READ(&o, "--foreground");
	assert_int_equal(o.result, SETTINGS_RUN);
	assert_contains(o.err, "/mandos.conf: cannot be read: Is a directory");
	assert_int_equal(count_lines(o.err), 1);
	settings_deinit(&o.settings);
}

static void test_settings_read__file_at_the_bound__and_beyond(void **state)
{
	_cleanup_free_ char *text = malloc(((size_t)1 << 20) + 2);
	struct outcome o;

	assert_non_null(text);
	memset(text, '#', ((size_t)1 << 20) + 1);
	write_config_sized("mandos.conf", text, (size_t)1 << 20);
	READ(&o, "--foreground");
	assert_int_equal(o.result, SETTINGS_RUN);
	settings_deinit(&o.settings);
	write_config_sized("mandos.conf", text, ((size_t)1 << 20) + 1);
	READ(&o, "--foreground");
	assert_int_equal(o.result, SETTINGS_FAILED);
	assert_contains(o.err, "is larger than 1048576 bytes");
}

static void test_settings_read__check_config__is_filled_in(void **state)
{
	struct outcome o;

	READ(&o, "--check-config", "--socket=1");
	assert_int_equal(o.result, SETTINGS_CHECK_CONFIG);
	assert_string_equal(o.settings.config_dir, config_dir);
	assert_int_equal(o.settings.socket, 1);
	settings_deinit(&o.settings);
}

#define with_config(f) cmocka_unit_test_setup_teardown(f, setup_config, teardown_config)

int main(void)
{
	static char program[] = "mandos";
	const struct CMUnitTest tests[] = {
		with_config(test_settings_read__no_file__built_in_defaults),
		with_config(test_settings_read__every_key__arrives),
		with_config(test_settings_read__given_on_both__the_command_line_wins),
		with_config(test_settings_read__debug_in_the_file__forces_foreground),
		with_config(test_settings_read__nobody_could_find_the_server__is_a_usage_error),
		with_config(test_settings_read__bad_value__is_named),
		with_config(test_settings_read__several_bad_lines__all_are_named),
		with_config(test_settings_read__at_the_bounds__is_accepted),
		with_config(test_settings_read__port_out_of_range_on_the_command_line__fails),
		with_config(test_settings_read__debuglevel__words_and_errors),
		with_config(test_settings_read__socket_among_the_standard_descriptors__is_moved),
		with_config(test_settings_read__socket_that_is_closed__fails),
		with_config(test_settings_read__sockets_of_a_socket_unit__the_first_is_used),
		with_config(test_settings_read__socket_unit_and_port__the_port_wins),
		with_config(test_settings_read__daemon__relative_directories_become_absolute),
		with_config(test_settings_read__file_cannot_be_read__is_a_warning),
		with_config(test_settings_read__file_at_the_bound__and_beyond),
		with_config(test_settings_read__check_config__is_filled_in),
	};

	/* What base/log.h puts before a line. */
	program_invocation_short_name = program;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
