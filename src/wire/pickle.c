/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/pickle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/util.h"
#include "wire/pickle-arena.h"
#include "wire/pickle-call.h"

enum opcode {
	OP_MARK = '(',
	OP_EMPTY_TUPLE = ')',
	OP_STOP = '.',
	OP_POP = '0',
	OP_BINFLOAT = 'G',
	OP_BININT = 'J',
	OP_BININT1 = 'K',
	OP_BININT2 = 'M',
	OP_NONE = 'N',
	OP_REDUCE = 'R',
	OP_BINSTRING = 'T',
	OP_SHORT_BINSTRING = 'U',
	OP_BINUNICODE = 'X',
	OP_EMPTY_LIST = ']',
	OP_APPEND = 'a',
	OP_BUILD = 'b',
	OP_GLOBAL = 'c',
	OP_APPENDS = 'e',
	OP_BINGET = 'h',
	OP_LONG_BINGET = 'j',
	OP_BINPUT = 'q',
	OP_LONG_BINPUT = 'r',
	OP_SETITEM = 's',
	OP_TUPLE = 't',
	OP_SETITEMS = 'u',
	OP_EMPTY_DICT = '}',
	OP_PROTO = 0x80,
	OP_NEWOBJ = 0x81,
	OP_TUPLE1 = 0x85,
	OP_TUPLE2 = 0x86,
	OP_TUPLE3 = 0x87,
	OP_TRUE = 0x88,
	OP_FALSE = 0x89,
	OP_LONG1 = 0x8a,
};

#define PROTOCOL 2

struct pickle {
	struct pickle_arena arena;
	const struct pickle_value *top;
};

struct machine {
	struct pickle *pickle;
	struct reader in;
	size_t n_values;

	struct pickle_value *stack[PICKLE_STACK_MAX];
	size_t n_stack;
	size_t marks[PICKLE_MARKS_MAX];
	size_t n_marks;

	struct pickle_value **memo;
	size_t memo_size;
	bool stopped;
};

static void *get(struct machine *m, size_t size, int *ret_error)
{
	void *p = pickle_arena_get(&m->pickle->arena, size);

	if (!p)
		*ret_error = m->pickle->arena.exhausted ? PICKLE_TOO_LARGE : -ENOMEM;
	return p;
}

/* ---- the stack ---- */

static size_t above_mark(const struct machine *m)
{
	return m->n_stack - (m->n_marks > 0 ? m->marks[m->n_marks - 1] : 0);
}

static int push(struct machine *m, struct pickle_value *v)
{
	if (m->n_stack == PICKLE_STACK_MAX)
		return PICKLE_TOO_LARGE;
	m->stack[m->n_stack++] = v;
	return PICKLE_OK;
}

static int push_new(struct machine *m, struct pickle_value value)
{
	int r = PICKLE_DAMAGED;
	struct pickle_value *v = get(m, sizeof(*v), &r);

	if (!v)
		return r;
	*v = value;
	m->n_values++;
	return push(m, v);
}

static int push_mark(struct machine *m)
{
	if (m->n_marks == PICKLE_MARKS_MAX)
		return PICKLE_TOO_LARGE;
	m->marks[m->n_marks++] = m->n_stack;
	return PICKLE_OK;
}

/* The newest value above the newest mark, or NULL. */
static struct pickle_value *peek(const struct machine *m)
{
	return above_mark(m) > 0 ? m->stack[m->n_stack - 1] : NULL;
}

static struct pickle_value *pop(struct machine *m)
{
	struct pickle_value *v = peek(m);

	if (v)
		m->n_stack--;
	return v;
}

static int pop_anything(struct machine *m)
{
	if (pop(m))
		return PICKLE_OK;
	if (m->n_marks == 0)
		return PICKLE_DAMAGED;
	m->n_marks--;
	return PICKLE_OK;
}

/* ---- containers ---- */

static int append(struct machine *m, struct pickle_value *container, const struct pickle_value *key,
		  const struct pickle_value *value)
{
	int r = PICKLE_DAMAGED;
	struct pickle_item *item = get(m, sizeof(*item), &r);

	if (!item)
		return r;
	*item = (struct pickle_item){ .key = key, .value = value };
	if (container->size == 0)
		container->first = item;
	else
		container->last->next = item;
	container->last = item;
	container->size++;
	return PICKLE_OK;
}

/* The newest @n values go into @container, one by one or in pairs, and leave the stack. */
static int move_into(struct machine *m, struct pickle_value *container, size_t n)
{
	struct pickle_value **from = &m->stack[m->n_stack - n];
	size_t step = container->type == PICKLE_DICT ? 2 : 1;
	int r = n % step == 0 ? PICKLE_OK : PICKLE_DAMAGED;

	for (size_t i = 0; r == PICKLE_OK && i < n; i += step)
		r = step == 2 ? append(m, container, from[i], from[i + 1])
			      : append(m, container, NULL, from[i]);
	m->n_stack -= n;
	return r;
}

static int make_tuple(struct machine *m, size_t n)
{
	int r = PICKLE_DAMAGED;
	struct pickle_value *tuple;

	if (n > above_mark(m))
		return r;
	tuple = get(m, sizeof(*tuple), &r);
	if (!tuple)
		return r;
	tuple->type = PICKLE_TUPLE;
	m->n_values++;
	r = move_into(m, tuple, n);
	return r == PICKLE_OK ? push(m, tuple) : r;
}

/* To the container below: the newest @n values. */
static int add_newest(struct machine *m, enum pickle_type type, size_t n)
{
	struct pickle_value *container;

	if (n >= above_mark(m))
		return PICKLE_DAMAGED;
	container = m->stack[m->n_stack - n - 1];
	return container->type == type ? move_into(m, container, n) : PICKLE_DAMAGED;
}

/* The same with everything above the newest mark, which is taken away. */
static int add_marked(struct machine *m, enum pickle_type type)
{
	size_t n = above_mark(m);

	if (m->n_marks == 0)
		return PICKLE_DAMAGED;
	m->n_marks--;
	return add_newest(m, type, n);
}

static int make_marked_tuple(struct machine *m)
{
	size_t n = above_mark(m);

	if (m->n_marks == 0)
		return PICKLE_DAMAGED;
	m->n_marks--;
	return make_tuple(m, n);
}

/* ---- the memo ---- */

static int memo_grow(struct machine *m, size_t index)
{
	size_t size = MAX_OF((size_t)256, 2 * index);
	int r = PICKLE_DAMAGED;
	struct pickle_value **bigger = get(m, size * sizeof(struct pickle_value *), &r);

	if (!bigger)
		return r;
	if (m->memo)
		memcpy(bigger, m->memo, m->memo_size * sizeof(struct pickle_value *));
	m->memo = bigger;
	m->memo_size = size;
	return PICKLE_OK;
}

static int memo_put(struct machine *m, size_t index)
{
	struct pickle_value *v = peek(m);
	int r = PICKLE_OK;

	/* Python numbers what it stores from 0, or from 1: a larger index would only cost memory.
	 */
	if (!v || m->in.failed || index > m->n_values)
		return PICKLE_DAMAGED;
	if (index >= m->memo_size)
		r = memo_grow(m, index);
	if (r == PICKLE_OK)
		m->memo[index] = v;
	return r;
}

static int memo_get(struct machine *m, size_t index)
{
	if (m->in.failed || index >= m->memo_size || !m->memo[index])
		return PICKLE_DAMAGED;
	return push(m, m->memo[index]);
}

/* ---- scalars ---- */

static uint32_t take_little(struct reader *in, unsigned int n)
{
	const uint8_t *p = take_bytes(in, n);
	uint32_t v = 0;

	for (unsigned int i = 0; p && i < n; i++)
		v |= (uint32_t)p[i] << (8 * i);
	return v;
}

static int push_string(struct machine *m, enum pickle_type type, uint32_t size)
{
	const uint8_t *data = m->in.failed ? NULL : take_bytes(&m->in, size);

	if (!data)
		return PICKLE_DAMAGED;
	return push_new(m, (struct pickle_value){ .type = type, .size = size, .data = data });
}

static int push_integer(struct machine *m, int64_t v)
{
	return push_new(m, (struct pickle_value){ .type = PICKLE_INT, .integer = v });
}

/* Two's complement of any length; eight bytes hold what a state has to say. */
static int push_long(struct machine *m)
{
	uint8_t n = take_u8(&m->in);
	const uint8_t *p = take_bytes(&m->in, n);
	uint64_t v = 0;

	if (!p || n > sizeof(v))
		return PICKLE_DAMAGED;
	for (unsigned int i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	if (n > 0 && n < sizeof(v) && p[n - 1] >= 0x80)
		v |= UINT64_MAX << (8 * n);
	return push_integer(m, (int64_t)v);
}

static int push_float(struct machine *m)
{
	(void)take_u64(&m->in);
	return push_new(m, (struct pickle_value){ .type = PICKLE_FLOAT });
}

/* ---- constructors ---- */

static struct pickle_value take_line(struct reader *in)
{
	const uint8_t *start = in->data + in->used;
	const uint8_t *end = in->failed ? NULL : memchr(start, '\n', reader_left(in));
	struct pickle_value line = { .type = PICKLE_BYTES, .data = start };

	if (!end) {
		in->failed = true;
		return line;
	}
	line.size = (uint32_t)(end - start);
	(void)take_bytes(in, line.size + (size_t)1);
	return line;
}

static int push_function(struct machine *m)
{
	struct pickle_value module = take_line(&m->in), name = take_line(&m->in);
	enum pickle_function function;

	if (m->in.failed || !pickle_function_find(&module, &name, &function))
		return PICKLE_DAMAGED;
	return push_new(m, (struct pickle_value){ .type = PICKLE_FUNCTION, .integer = function });
}

/* REDUCE calls a function, NEWOBJ makes an object of a class: a D-Bus boolean is the only one. */
static int call(struct machine *m, bool is_class)
{
	const struct pickle_value *arguments = pop(m), *function = pop(m);
	struct pickle_value result = { 0 };
	int r;

	if (!arguments || !function || function->type != PICKLE_FUNCTION)
		return PICKLE_DAMAGED;
	if (is_class != (function->integer == PICKLE_MAKE_BOOLEAN))
		return PICKLE_DAMAGED;
	r = pickle_call((enum pickle_function)function->integer, arguments, &m->pickle->arena,
			&result);
	return r == PICKLE_OK ? push_new(m, result) : r;
}

/* Attributes of a D-Bus boolean say nothing about its value. */
static int build(struct machine *m)
{
	const struct pickle_value *attributes = pop(m), *object = peek(m);

	return attributes && object && object->type == PICKLE_BOOL ? PICKLE_OK : PICKLE_DAMAGED;
}

static int stop(struct machine *m)
{
	if (m->n_marks > 0 || m->n_stack != 1 || !reader_done(&m->in))
		return PICKLE_DAMAGED;
	m->pickle->top = m->stack[0];
	m->stopped = true;
	return PICKLE_OK;
}

/* ---- the operations of SRV-PKL-2, by what they do ---- */

static int step_scalar(struct machine *m, uint8_t opcode)
{
	switch (opcode) {
	case OP_NONE:
		return push_new(m, (struct pickle_value){ .type = PICKLE_NONE });
	case OP_TRUE:
	case OP_FALSE:
		return push_new(m, (struct pickle_value){ .type = PICKLE_BOOL,
							  .boolean = opcode == OP_TRUE });
	case OP_BININT1:
		return push_integer(m, take_u8(&m->in));
	case OP_BININT2:
		return push_integer(m, take_little(&m->in, 2));
	case OP_BININT:
		return push_integer(m, (int32_t)take_little(&m->in, 4));
	case OP_LONG1:
		return push_long(m);
	case OP_BINFLOAT:
		return push_float(m);
	case OP_BINUNICODE:
		return push_string(m, PICKLE_TEXT, take_little(&m->in, 4));
	case OP_SHORT_BINSTRING:
		return push_string(m, PICKLE_BYTES, take_u8(&m->in));
	case OP_BINSTRING:
		return push_string(m, PICKLE_BYTES, take_little(&m->in, 4));
	default:
		return PICKLE_DAMAGED;
	}
}

static int step_container(struct machine *m, uint8_t opcode)
{
	switch (opcode) {
	case OP_EMPTY_DICT:
		return push_new(m, (struct pickle_value){ .type = PICKLE_DICT });
	case OP_EMPTY_LIST:
		return push_new(m, (struct pickle_value){ .type = PICKLE_LIST });
	case OP_EMPTY_TUPLE:
		return make_tuple(m, 0);
	case OP_TUPLE1:
	case OP_TUPLE2:
	case OP_TUPLE3:
		return make_tuple(m, opcode - OP_TUPLE1 + (size_t)1);
	case OP_TUPLE:
		return make_marked_tuple(m);
	case OP_SETITEM:
		return add_newest(m, PICKLE_DICT, 2);
	case OP_APPEND:
		return add_newest(m, PICKLE_LIST, 1);
	case OP_SETITEMS:
		return add_marked(m, PICKLE_DICT);
	case OP_APPENDS:
		return add_marked(m, PICKLE_LIST);
	default:
		return step_scalar(m, opcode);
	}
}

static int step(struct machine *m)
{
	uint8_t opcode = take_u8(&m->in);

	switch (opcode) {
	case OP_MARK:
		return push_mark(m);
	case OP_POP:
		return pop_anything(m);
	case OP_BINPUT:
		return memo_put(m, take_u8(&m->in));
	case OP_LONG_BINPUT:
		return memo_put(m, take_little(&m->in, 4));
	case OP_BINGET:
		return memo_get(m, take_u8(&m->in));
	case OP_LONG_BINGET:
		return memo_get(m, take_little(&m->in, 4));
	case OP_GLOBAL:
		return push_function(m);
	case OP_REDUCE:
		return call(m, false);
	case OP_NEWOBJ:
		return call(m, true);
	case OP_BUILD:
		return build(m);
	case OP_STOP:
		return stop(m);
	default:
		return step_container(m, opcode);
	}
}

static int run(struct machine *m)
{
	int r = PICKLE_OK;

	if (take_u8(&m->in) != OP_PROTO || take_u8(&m->in) != PROTOCOL)
		return PICKLE_DAMAGED;
	while (r == PICKLE_OK && !m->stopped) {
		r = step(m);
		if (r == PICKLE_OK && m->in.failed)
			r = PICKLE_DAMAGED;
	}
	return r;
}

int pickle_parse(const uint8_t *data, size_t size, size_t memory_max, struct pickle **ret,
		 size_t *ret_offset)
{
	_cleanup_(pickle_freep) struct pickle *p = calloc(1, sizeof(*p));
	struct machine m = { .pickle = p, .in = READER(data, size) };
	int r;

	if (!p)
		return -ENOMEM;
	if (size > PICKLE_SIZE_MAX) {
		*ret_offset = PICKLE_SIZE_MAX;
		return PICKLE_TOO_LARGE;
	}
	p->arena.max = memory_max;
	r = run(&m);
	if (r != PICKLE_OK) {
		*ret_offset = m.in.used;
		return r;
	}
	*ret = STEAL_PTR(p);
	return PICKLE_OK;
}

const struct pickle_value *pickle_top(const struct pickle *p)
{
	return p->top;
}

struct pickle *pickle_free(struct pickle *p)
{
	if (p) {
		pickle_arena_deinit(&p->arena);
		free(p);
	}
	return NULL;
}

bool pickle_is_text(const struct pickle_value *v, const char *text)
{
	size_t size = strlen(text);

	return (v->type == PICKLE_TEXT || v->type == PICKLE_BYTES) && v->size == size &&
	       memcmp(v->data, text, size) == 0;
}

const struct pickle_value *pickle_find(const struct pickle_value *dict, const char *key)
{
	const struct pickle_value *found = NULL;

	for (const struct pickle_item *i = dict->first; i; i = i->next) {
		if (pickle_is_text(i->key, key))
			found = i->value;
	}
	return found;
}
