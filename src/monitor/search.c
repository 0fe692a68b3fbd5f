/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/search.h"

#include <string.h>

#include "monitor/bindings.h"

static bool fits(const struct model *m, const struct row *row)
{
	return strcasestr(row->client->name, m->search) || strcasestr(row->client->host, m->search);
}

/* From @start on, @start included, once round. */
static bool find(struct model *m, size_t start, bool forward)
{
	size_t n = m->roster.n_rows;

	for (size_t i = 0; i < n; i++) {
		size_t at = (forward ? start + i : start + n - i) % n;

		if (fits(m, m->roster.rows[at])) {
			roster_move_to(&m->roster, at);
			return true;
		}
	}
	return false;
}

void search_begin(struct model *m)
{
	m->mode = MODEL_SEARCHING;
	m->search[0] = '\0';
	m->search_origin = m->roster.focus;
	m->is_search_found = true;
	m->is_lower_focused = false;
}

static void type(struct model *m, uint32_t code)
{
	size_t used = strlen(m->search), n = code < 0x80      ? 1
					     : code < 0x800   ? 2
					     : code < 0x10000 ? 3
							      : 4;
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	if (used + n >= sizeof(m->search))
		return;
	for (size_t i = n; i-- > 1; code >>= 6)
		m->search[used + i] = (char)(0x80 | (code & 0x3f));
	m->search[used] = (char)(first[n] | code);
	m->search[used + n] = '\0';
}

static void erase(struct model *m)
{
	size_t n = strlen(m->search);

	while (n > 0 && ((unsigned char)m->search[--n] & 0xc0) == 0x80)
		continue;
	m->search[n] = '\0';
}

void search_input(struct model *m, uint32_t code)
{
	if (code == INPUT_ENTER || code == '\n') {
		m->mode = MODEL_NORMAL;
		return;
	}
	if (code == INPUT_BACKSPACE || code == INPUT_BACKSPACE_8) {
		erase(m);
	} else if (code >= ' ' && code < INPUT_UP) {
		type(m, code);
	} else {
		m->mode = MODEL_NORMAL;
		roster_move_to(&m->roster, m->search_origin);
		return;
	}
	m->is_search_found = find(m, m->search_origin, true);
	if (!m->is_search_found)
		roster_move_to(&m->roster, m->search_origin);
}

void search_again(struct model *m, bool forward)
{
	size_t n = m->roster.n_rows;

	if (n == 0 || m->search[0] == '\0')
		return;
	m->is_search_found =
		find(m, (forward ? m->roster.focus + 1 : m->roster.focus + n - 1) % n, forward);
}
