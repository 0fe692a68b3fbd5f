/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/opener-msg.h"

void opener_answer_encode(struct writer *w, const struct opener_answer *a)
{
	put_u8(w, (uint8_t)a->outcome);
	put_u8(w, (uint8_t)a->file);
	put_u32(w, a->value);
}

bool opener_answer_decode(const uint8_t *data, size_t size, struct opener_answer *ret)
{
	struct reader r = READER(data, size);
	uint8_t outcome = take_u8(&r), file = take_u8(&r);

	ret->value = take_u32(&r);
	if (!reader_done(&r) || outcome == 0 || outcome > OPENER_OUTCOME_LAST || file == 0 ||
	    file > OPENER_FILE_LAST || ret->value > OPENER_VALUE_MAX)
		return false;
	ret->outcome = (enum opener_outcome)outcome;
	ret->file = (enum opener_file)file;
	return true;
}
