/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/text.h"
#include "base/util.h"

static const char *const headings[ADMIN_N_LISTED] = {
	[ADMIN_NAME] = "Name",
	[ADMIN_ENABLED] = "Enabled",
	[ADMIN_TIMEOUT] = "Timeout",
	[ADMIN_LAST_CHECKED_OK] = "Last Successful Check",
	[ADMIN_CREATED] = "Created",
	[ADMIN_INTERVAL] = "Interval",
	[ADMIN_HOST] = "Host",
	[ADMIN_KEY_ID] = "Key ID",
	[ADMIN_FINGERPRINT] = "Fingerprint",
	[ADMIN_CHECKER_RUNNING] = "Check Is Running",
	[ADMIN_LAST_ENABLED] = "Last Enabled",
	[ADMIN_APPROVAL_PENDING] = "Approval Is Pending",
	[ADMIN_APPROVED_BY_DEFAULT] = "Approved By Default",
	[ADMIN_LAST_APPROVAL_REQUEST] = "Last Approval Request",
	[ADMIN_APPROVAL_DELAY] = "Approval Delay",
	[ADMIN_APPROVAL_DURATION] = "Approval Duration",
	[ADMIN_CHECKER] = "Checker",
	[ADMIN_EXTENDED_TIMEOUT] = "Extended Timeout",
	[ADMIN_EXPIRES] = "Expires",
	[ADMIN_LAST_CHECKER_STATUS] = "Last Checker Status",
};

/* By default the columns are the first of the list. */
#define N_NARROW (ADMIN_LAST_CHECKED_OK + 1)

/** struct cell - a cell's text; @text is @room, @made or another's */
struct cell {
	const char *text;
	size_t characters;
	char room[TABLE_DURATION_SIZE];
	char *made; /* freed by cell_deinit() */
};

void table_duration(uint64_t milliseconds, char ret[TABLE_DURATION_SIZE])
{
	uint64_t seconds = milliseconds / 1000, days = seconds / 86400;
	char day_text[24] = "";

	if (days > 0)
		(void)snprintf(day_text, sizeof(day_text), "%" PRIu64 "T", days);
	(void)snprintf(ret, TABLE_DURATION_SIZE, "%s%02u:%02u:%02u", day_text,
		       (unsigned)(seconds / 3600 % 24), (unsigned)(seconds / 60 % 60),
		       (unsigned)(seconds % 60));
}

/* Plain ASCII, which nearly everything is, needs neither escaping nor counting. */
static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			return false;
	}
	return true;
}

static void set_text(struct cell *cell, const char *text)
{
	cell->text = text;
	if (is_plain(text)) {
		cell->characters = strlen(text);
		return;
	}
	/* Without memory the cell is empty: nothing unescaped may reach a terminal. */
	cell->made = malloc(ADMIN_SHOWN_SIZE(strlen(text)));
	if (cell->made)
		(void)admin_show(text, cell->made);
	cell->text = cell->made ? cell->made : "";
	cell->characters = admin_characters(cell->text);
}

static void cell_init(struct cell *cell, const struct admin_client *client,
		      enum admin_property_id id)
{
	*cell = (struct cell){ 0 };
	switch (admin_properties[id].kind) {
	case ADMIN_KIND_TEXT:
	case ADMIN_KIND_TIME:
		set_text(cell, admin_client_text(client, id));
		return;
	case ADMIN_KIND_BOOL:
		cell->text = admin_client_bool(client, id) ? "Yes" : "No";
		break;
	case ADMIN_KIND_DURATION:
		table_duration(admin_client_duration(client, id), cell->room);
		cell->text = cell->room;
		break;
	case ADMIN_KIND_STATUS:
		(void)snprintf(cell->room, sizeof(cell->room), "%d", client->last_checker_status);
		cell->text = cell->room;
		break;
	}
	cell->characters = strlen(cell->text);
}

static void cell_deinit(struct cell *cell)
{
	free(cell->made);
}

static void measure(const struct selection *selection, size_t n_columns, size_t *ret_widths)
{
	for (size_t id = 0; id < n_columns; id++) {
		ret_widths[id] = strlen(headings[id]);
		for (size_t i = 0; i < selection->n; i++) {
			struct cell cell;

			cell_init(&cell, selection->clients[i], (enum admin_property_id)id);
			ret_widths[id] = MAX_OF(ret_widths[id], cell.characters);
			cell_deinit(&cell);
		}
	}
}

static void print_cell(FILE *out, size_t id, const char *text, size_t characters, size_t width)
{
	(void)fprintf(out, "%s%s%*s", id > 0 ? " " : "", text, (int)(width - characters), "");
}

/* What needs an eye first: who gets nothing, who waits, who is about to be lost. */
static const char *colour_of(const struct admin_client *client)
{
	if (client->approval_pending)
		return "\033[1;33m";
	if (!client->enabled)
		return "\033[31m";
	return client->last_checker_status > 0 || client->last_checker_status == -1 ? "\033[33m"
										    : NULL;
}

static void print_client(FILE *out, const struct admin_client *client, size_t n_columns,
			 const size_t *widths)
{
	for (size_t id = 0; id < n_columns; id++) {
		struct cell cell;

		cell_init(&cell, client, (enum admin_property_id)id);
		print_cell(out, id, cell.text, cell.characters, widths[id]);
		cell_deinit(&cell);
	}
}

void table_print(FILE *out, const struct selection *selection, bool is_wide, bool is_coloured)
{
	size_t n_columns = is_wide ? (size_t)ADMIN_N_LISTED : (size_t)N_NARROW;
	size_t widths[ADMIN_N_LISTED];

	measure(selection, n_columns, widths);
	if (is_coloured)
		(void)fputs("\033[1m", out);
	for (size_t id = 0; id < n_columns; id++)
		print_cell(out, id, headings[id], strlen(headings[id]), widths[id]);
	(void)fputs(is_coloured ? "\033[0m\n" : "\n", out);
	for (size_t i = 0; i < selection->n; i++) {
		const char *colour = is_coloured ? colour_of(selection->clients[i]) : NULL;

		if (colour)
			(void)fputs(colour, out);
		print_client(out, selection->clients[i], n_columns, widths);
		(void)fputs(colour ? "\033[0m\n" : "\n", out);
	}
}
