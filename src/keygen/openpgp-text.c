/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/openpgp-text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

#define ARMOUR_BEGIN "-----BEGIN PGP "

static void put_line(FILE *f, const char *keyword, const char *value)
{
	/* GnuPG takes an empty value for an error. */
	if (*value)
		(void)fprintf(f, "%s: %s\n", keyword, value);
}

static const struct curve {
	const char *name, *algorithm, *curve;
} curves[] = {
	{ "ed25519", "EDDSA", "Ed25519" },
	{ "cv25519", "ECDH", "Curve25519" },
};

static const struct curve *find_curve(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		if (strcasecmp(curves[i].name, type) == 0 ||
		    strcasecmp(curves[i].algorithm, type) == 0)
			return &curves[i];
	}
	return NULL;
}

bool openpgp_is_curve(const char *type)
{
	return find_curve(type) != NULL;
}

static void put_algorithm(FILE *f, bool is_subkey, const char *type, const char *length)
{
	const struct curve *curve = find_curve(type);

	put_line(f, is_subkey ? "Subkey-Type" : "Key-Type", curve ? curve->algorithm : type);
	put_line(f, is_subkey ? "Subkey-Curve" : "Key-Curve", curve ? curve->curve : "");
	put_line(f, is_subkey ? "Subkey-Length" : "Key-Length", curve ? "" : length);
}

static int finish(FILE *f, char **text, char **ret)
{
	/* A memory stream fails for want of memory only. */
	if (fclose(f) != 0) {
		free(*text);
		return -ENOMEM;
	}
	*ret = *text;
	return 0;
}

int openpgp_params_format(const struct openpgp_params *p, char **ret)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	(void)fputs("<GnupgKeyParms format=\"internal\">\n", f);
	(void)fputs("%no-protection\n", f);
	put_algorithm(f, false, p->type, p->length);
	put_line(f, "Key-Usage", "sign,auth");
	put_algorithm(f, true, p->subtype, p->sublength);
	put_line(f, "Subkey-Usage", "encrypt");
	put_line(f, "Name-Real", p->name);
	put_line(f, "Name-Comment", p->comment);
	put_line(f, "Name-Email", p->email);
	put_line(f, "Expire-Date", p->expire);
	(void)fputs("</GnupgKeyParms>\n", f);
	return finish(f, &text, ret);
}

int openpgp_header_format(const struct openpgp_params *p, char **ret)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	(void)fprintf(f, "Comment: Mandos client key for %s", p->name);
	if (*p->comment)
		(void)fprintf(f, " (%s)", p->comment);
	if (*p->email)
		(void)fprintf(f, " <%s>", p->email);
	(void)fputs("\n", f);
	return finish(f, &text, ret);
}

int openpgp_header_insert(const struct secret *armour, const char *header, struct secret **ret)
{
	size_t header_size = strlen(header), first_line;
	const uint8_t *line_end;
	struct secret *s;

	if (armour->size < strlen(ARMOUR_BEGIN) ||
	    memcmp(armour->data, ARMOUR_BEGIN, strlen(ARMOUR_BEGIN)) != 0)
		return -EBADMSG;
	line_end = memchr(armour->data, '\n', armour->size);
	if (!line_end)
		return -EBADMSG;
	first_line = (size_t)(line_end - armour->data) + 1;

	s = secret_new(armour->size + header_size);
	if (!s)
		return -ENOMEM;
	memcpy(s->data, armour->data, first_line);
	memcpy(s->data + first_line, header, header_size);
	memcpy(s->data + first_line + header_size, armour->data + first_line,
	       armour->size - first_line);
	*ret = s;
	return 0;
}
