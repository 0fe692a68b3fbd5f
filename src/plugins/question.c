/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plugins/question.h"

#include <stdio.h>
#include <stdlib.h>

struct disk {
	const char *space, *source;	   /* " sda1" or nothing */
	const char *open, *target, *close; /* " (root)" or nothing */
};

static char *above(const struct disk *d, const char *last_line)
{
	char *text;

	if (asprintf(&text, "Unlocking the disk%s%s%s%s%s\n%s", d->space, d->source, d->open,
		     d->target, d->close, last_line) < 0)
		return NULL;
	return text;
}

static char *inside(const char *start, const struct disk *d)
{
	char *text;

	if (asprintf(&text, "%sEnter passphrase to unlock the disk%s%s%s%s%s: ", start, d->space,
		     d->source, d->open, d->target, d->close) < 0)
		return NULL;
	return text;
}

char *question_make(enum question_style style, const char *source, const char *target)
{
	const struct disk disk = {
		.space = source ? " " : "",
		.source = source ? source : "",
		.open = target ? " (" : "",
		.target = target ? target : "",
		.close = target ? ")" : "",
	};

	switch (style) {
	case QUESTION_TERMINAL:
		if (!source && !target)
			return inside("", &disk);
		return above(&disk, "Enter passphrase: ");
	case QUESTION_PLYMOUTH:
		return above(&disk, "Enter passphrase");
	case QUESTION_USPLASH:
		return inside("", &disk);
	case QUESTION_SPLASHY:
		return inside("getpass ", &disk);
	}
	return NULL;
}

const char *question_source(void)
{
	const char *source = getenv("CRYPTTAB_SOURCE");

	return source ? source : getenv("cryptsource");
}

const char *question_target(void)
{
	const char *target = getenv("CRYPTTAB_NAME");

	return target ? target : getenv("crypttarget");
}
