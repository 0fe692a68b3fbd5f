/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/options.h"

#include <ctype.h>
#include <getopt.h>
#include <string.h>

#include "base/util.h"
#include "keygen/openpgp-text.h"

/* Options without a short form. */
enum {
	KEY_SECFILE = 256,
	KEY_TEST,
	KEY_DEVICE,
	KEY_WAIT,
	KEY_KEEP,
};

static const struct option long_options[] = {
	{ "version", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "dir", required_argument, NULL, 'd' },
	{ "type", required_argument, NULL, 't' },
	{ "length", required_argument, NULL, 'l' },
	{ "subtype", required_argument, NULL, 's' },
	{ "sublength", required_argument, NULL, 'L' },
	{ "name", required_argument, NULL, 'n' },
	{ "email", required_argument, NULL, 'e' },
	{ "comment", required_argument, NULL, 'c' },
	{ "expire", required_argument, NULL, 'x' },
	{ "tls-keytype", required_argument, NULL, 'T' },
	{ "force", no_argument, NULL, 'f' },
	{ "password", no_argument, NULL, 'p' },
	{ "passfile", required_argument, NULL, 'F' },
	{ "no-ssh", no_argument, NULL, 'S' },
	{ "secfile", required_argument, NULL, KEY_SECFILE },
	{ "test", no_argument, NULL, KEY_TEST },
	{ "device", required_argument, NULL, KEY_DEVICE },
	{ "wait", required_argument, NULL, KEY_WAIT },
	{ "keep", no_argument, NULL, KEY_KEEP },
	/* It meant --dir when there was no --device. */
	{ "d", required_argument, NULL, 'd' },
	{ 0 },
};

static const char short_options[] = "vhd:t:l:s:L:n:e:c:x:T:fpF:S";

/* The option's field, if it is one that only stores its argument. */
static const char **text_field(struct options *o, int option)
{
	switch (option) {
	case 'd':
		return &o->dir;
	case 't':
		return &o->type;
	case 'l':
		return &o->length;
	case 's':
		return &o->subtype;
	case 'L':
		return &o->sublength;
	case 'n':
		return &o->name;
	case 'e':
		return &o->email;
	case 'c':
		return &o->comment;
	case 'x':
		return &o->expire;
	case 'T':
		return &o->tls_key_type;
	default:
		return NULL;
	}
}

static void take_device(struct options *o, const char *device)
{
	if (o->n_devices < OPTION_DEVICES_MAX)
		o->devices[o->n_devices] = device;
	if (o->n_devices <= OPTION_DEVICES_MAX)
		o->n_devices++;
}

static usec_t parse_wait(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long seconds;

	if (digits == 0 || digits > 6 || text[digits] != '\0')
		return 0;
	seconds = strtoul(text, NULL, 10);
	return seconds <= OPTION_WAIT_MAX ? seconds * USEC_PER_SEC : 0;
}

/* Options that the reference does not have. */
static enum options_result take_more(struct options *o, int option)
{
	switch (option) {
	case KEY_SECFILE:
		o->secfile = optarg;
		o->has_password_option = true;
		return OPTIONS_OK;
	case KEY_KEEP:
		o->keep = true;
		return OPTIONS_OK;
	case KEY_TEST:
		o->mode = OPTIONS_TEST;
		return OPTIONS_OK;
	case KEY_DEVICE:
		take_device(o, optarg);
		o->has_test_option = true;
		return OPTIONS_OK;
	case KEY_WAIT:
		o->wait = parse_wait(optarg);
		o->has_test_option = true;
		return OPTIONS_OK;
	default:
		return OPTIONS_BAD;
	}
}

static enum options_result take_flag(struct options *o, int option)
{
	switch (option) {
	case 'v':
		return OPTIONS_SHOW_VERSION;
	case 'h':
		return OPTIONS_SHOW_HELP;
	case 'f':
		o->force = true;
		return OPTIONS_OK;
	case 'F':
		o->passfile = optarg;
		o->has_password_option = true;
		return OPTIONS_OK;
	case 'p':
		o->has_password_option = true;
		return OPTIONS_OK;
	case 'S':
		o->no_ssh = true;
		return OPTIONS_OK;
	default:
		return take_more(o, option);
	}
}

enum options_result options_parse(int argc, char **argv, struct options *ret)
{
	struct options o = {
		.type = DEFAULT_OPENPGP_TYPE,
		.length = DEFAULT_OPENPGP_BITS,
		.sublength = DEFAULT_OPENPGP_BITS,
		.email = "",
		.comment = "",
		.expire = DEFAULT_OPENPGP_VALID,
		.tls_key_type = DEFAULT_TLS_KEY_TYPE,
		.wait = DEFAULT_WAIT,
	};
	enum options_result show = OPTIONS_OK;
	int option;

	optind = 0; /* glibc: start anew, for a second call in the same process */
	while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		const char **field = text_field(&o, option);
		enum options_result r;

		if (field) {
			*field = optarg;
			continue;
		}
		r = take_flag(&o, option);
		if (r == OPTIONS_BAD)
			return OPTIONS_BAD;
		if (show == OPTIONS_OK)
			show = r;
	}
	if (!o.subtype)
		o.subtype = openpgp_is_curve(o.type) ? DEFAULT_CURVE_SUBTYPE : DEFAULT_OPENPGP_TYPE;
	if (o.has_password_option && o.mode == OPTIONS_MAKE_KEYS)
		o.mode = OPTIONS_MAKE_PASSWORD;
	o.words = argv + optind;
	o.n_words = (size_t)(argc - optind);
	*ret = o;
	return show;
}

static bool has_control_character(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	}
	return false;
}

static bool is_length(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	size_t zeroes = strspn(text, "0");

	/* Nobody can wait for a key of a million bits; seven digits cannot overflow a long. */
	if (digits == 0 || text[digits] != '\0' || digits - zeroes > 6)
		return false;
	return strtol(text, NULL, 10) >= OPENPGP_LENGTH_MIN;
}

static bool check_text(const char *what, const char *text, char *ret_message)
{
	const char *why;

	if (strlen(text) > OPTION_TEXT_MAX)
		why = "is too long";
	else if (has_control_character(text))
		why = "contains a control character";
	else
		return true;
	(void)snprintf(ret_message, OPTION_MESSAGE_MAX,
		       "the %s %s; give one of at most %d printable characters", what, why,
		       OPTION_TEXT_MAX);
	return false;
}

static bool refuse(char *ret_message, const char *message)
{
	(void)snprintf(ret_message, OPTION_MESSAGE_MAX, "%s", message);
	return false;
}

/* What each mode does not have. */
static bool check_together(const struct options *o, char *ret_message)
{
	if (o->keep && (o->force || o->mode != OPTIONS_MAKE_KEYS))
		return refuse(ret_message, "--keep is for making keys, and not with --force");
	if (o->mode != OPTIONS_TEST && o->has_test_option)
		return refuse(ret_message, "--device and --wait are for --test");
	if (o->mode == OPTIONS_TEST && o->has_password_option)
		return refuse(ret_message, "--test tries a password that is on a server already; "
					   "leave the other options out");
	if (o->n_devices > OPTION_DEVICES_MAX)
		return refuse(ret_message, "too many devices; name fewer with --device");
	if (o->wait == 0)
		return refuse(ret_message, "invalid time; give seconds from 1 to 86400 with "
					   "--wait");
	return true;
}

bool options_check_texts(const struct options *o, char *ret_message)
{
	const struct {
		const char *what, *text;
	} texts[] = {
		{ "key type", o->type },   { "subkey type", o->subtype },
		{ "name", o->name },	   { "e-mail address", o->email },
		{ "comment", o->comment }, { "subkey length", o->sublength },
		{ "expiry", o->expire },   { "TLS key type", o->tls_key_type },
	};

	if (!check_together(o, ret_message))
		return false;
	if (o->mode == OPTIONS_TEST)
		return true;
	if (o->mode == OPTIONS_MAKE_PASSWORD) {
		if (*o->name == '\0')
			return refuse(ret_message, "empty name; give one with --name");
		return check_text("name", o->name, ret_message);
	}
	if (*o->type == '\0')
		return refuse(ret_message, "empty key type; give one with --type");
	if (*o->name == '\0')
		return refuse(ret_message, "empty key name; give one with --name");
	if (!openpgp_is_curve(o->type) && !is_length(o->length))
		return refuse(ret_message, "invalid key length; give 512 or more with --length");
	if (*o->expire == '\0')
		return refuse(ret_message, "empty key expiry; give 0 for a key without one");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (!check_text(texts[i].what, texts[i].text, ret_message))
			return false;
	}
	return true;
}

void options_print_help(FILE *out, const char *program)
{
	(void)fprintf(
		out,
		"Usage:\n"
		"  %1$s [OPTION...]                  make the keys of a Mandos client\n"
		"  %1$s {-p | -F FILE} [OPTION...]   encrypt a password, print a section for\n"
		"                                          the server's clients.conf\n"
		"  %1$s --test [OPTION...] [-- CLIENT-OPTION...]\n"
		"                                          fetch the password and try it\n"
		"\n",
		program);
	(void)fputs(
		"All:\n"
		"  -d, --dir DIRECTORY      where the key files are (default: "
		"/etc/keys/mandos)\n"
		"  -n, --name NAME          name of the key and of the client (default: the host's "
		"name)\n"
		"  -h, --help               print this and exit\n"
		"  -v, --version            print the version and exit\n"
		"\n"
		"Making keys:\n"
		"  -t, --type TYPE          OpenPGP key type: RSA (the default), ed25519, ...\n"
		"  -l, --length BITS        OpenPGP key length (default: 4096)\n"
		"  -s, --subtype TYPE       OpenPGP subkey type (default: RSA; cv25519 with "
		"ed25519)\n"
		"  -L, --sublength BITS     OpenPGP subkey length (default: 4096)\n"
		"  -e, --email ADDRESS      e-mail address in the OpenPGP key\n"
		"  -c, --comment TEXT       comment in the OpenPGP key\n"
		"  -x, --expire TIME        OpenPGP key expiry, as gpg(1) writes it (default: 0, "
		"never)\n"
		"  -T, --tls-keytype TYPE   TLS key type (default: ed25519)\n"
		"  -f, --force              replace existing keys, after a numbered backup\n"
		"      --keep               keep existing keys, and make only those that are "
		"missing\n"
		"\n"
		"Encrypting a password:\n"
		"  -p, --password           ask for the password\n"
		"  -F, --passfile FILE      take the bytes of FILE as they are\n"
		"  -S, --no-ssh             do not look for an SSH host key to check by\n"
		"      --secfile FILE       write the encrypted password into FILE, and its name "
		"into "
		"the\n"
		"                           section\n"
		"  -f, --force              replace FILE, after a numbered backup\n"
		"\n"
		"Trying what a boot will do:\n"
		"      --test               fetch the password, and try it on the devices of "
		"/etc/crypttab\n"
		"      --device DEVICE      try it on this device instead; can be repeated\n"
		"      --wait SECONDS       how long a server may take (default: 60)\n",
		out);
}
