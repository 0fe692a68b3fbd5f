/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/events.h"

#include <string.h>

#include "base/util.h"
#include "core/registry.h"

static const struct event_row rows[] = {
	[EVENT_CLIENT_CREATED] = { "e6f83507eb31b35f7592622b3cd0ce1d", LOG_LEVEL_DEBUG,
				   "Creating client '{client}'" },
	[EVENT_CLIENT_ADDED] = { "ac34ce9150324d4637297007334b3453", LOG_LEVEL_INFO,
				 "Client {client} is added[: {reason}]" },
	[EVENT_CLIENT_REMOVED] = { "6630f512efdbe9ee43a5f91fc7835571", LOG_LEVEL_INFO,
				   "Client {client} is removed[: {reason}]" },
	[EVENT_CLIENT_ENABLED] = { "c8e0b10a0ae662b937c2e320ea1352d9", LOG_LEVEL_INFO,
				   "Client {client} is enabled now[: {reason}]" },
	[EVENT_CLIENT_DISABLED] = { "fe4b2b6a711a12cac52d31ec7bb95de1", LOG_LEVEL_WARNING,
				    "Client {client} is disabled now: {reason}" },
	[EVENT_RESTORED_NEVER_CHECKED] = { "5085e4892f01ce0ce36243fe589ece4e", LOG_LEVEL_WARNING,
					   "disabling client {client} - Client never performed a "
					   "successful checker" },
	[EVENT_RESTORED_LAST_CHECK_BAD] = { "dfbf9d83987e349695a7927fb76bab03", LOG_LEVEL_WARNING,
					    "disabling client {client} - Client last checker "
					    "failed with error code {detail}" },
	[EVENT_RESTORED_KEPT] = { "75c99edecf45571c053a0b13ba4d5584", LOG_LEVEL_DEBUG,
				  "Last checker succeeded, keeping {client} enabled" },
	[EVENT_RESTORED_OTHER_SECRET] = { "64022a2154ff022f80040b89eb61769e", LOG_LEVEL_DEBUG,
					  "Failed to decrypt {client} old secret" },
	[EVENT_RESTORED_SHORTENED] = { "8ee6a302ba5e5eaa0716c5779c7c884a", LOG_LEVEL_INFO,
				       "The saved expiry of {client} was further ahead than its "
				       "time-outs allow, and is shortened" },
	[EVENT_RESTORED_WITHOUT_STATE] = { "bd78723a09174580ed400f1ae88eba35", LOG_LEVEL_ERROR,
					   "Client {client} starts disabled: {reason}" },
	[EVENT_CHECKER_STARTED] = { "04f0fbf19e0d694884dd17824c869423", LOG_LEVEL_INFO,
				    "Starting checker '{detail}' for {client}" },
	[EVENT_CHECKER_SUCCEEDED] = { "bfe6b361a11f5707c7d909466a3d011f", LOG_LEVEL_INFO,
				      "Checker for {client} succeeded" },
	[EVENT_CHECKER_FAILED] = { "bb68e8cd05f13bbea0651fa77d842abb", LOG_LEVEL_INFO,
				   "Checker for {client} failed" },
	[EVENT_PROBE_FAILED] = { "f38383fc07854709b186d1ba1da146e9", LOG_LEVEL_INFO,
				 "Checker for {client} failed: {reason}" },
	[EVENT_PROBE_OTHER_KEY] = { "7ce658022b6e430f9a878fa68204af4c", LOG_LEVEL_WARNING,
				    "Checker for {client} failed: {reason}" },
	[EVENT_CHECKER_CRASHED] = { "236aa5a01a00286963c4e55cd4c19f94", LOG_LEVEL_WARNING,
				    "Checker for {client} crashed?" },
	[EVENT_CHECKER_STOPPED] = { "4a15f77cf0304ff927516109aea1fbb8", LOG_LEVEL_DEBUG,
				    "Stopping checker for {client}" },
	[EVENT_CHECKER_BAD_TEMPLATE] = { "b9e6adcb7785a3ac8acc29a9125298ef", LOG_LEVEL_ERROR,
					 "Could not format string \"{detail}\" for {client}: "
					 "{reason}" },
	[EVENT_CHECKER_NOT_STARTED] = { "57a6d791a1a16579746478e997700d2d", LOG_LEVEL_ERROR,
					"Could not start the checker for {client}: {reason}" },
	[EVENT_PEER_CONNECTED] = { "78bc02fbb5d31e0909bd6bc82f61f3af", LOG_LEVEL_INFO,
				   "TCP connection from: {peer}" },
	[EVENT_PEER_GREETING] = { "31acb46c43aa0fee5104534e1ad2b1dd", LOG_LEVEL_DEBUG,
				  "Protocol version: '{detail}'" },
	[EVENT_PEER_BAD_GREETING] = { "24065fe9d84f36230da66fcec11c3598", LOG_LEVEL_ERROR,
				      "Unknown protocol version: {detail}" },
	[EVENT_PEER_HANDSHAKE_FAILED] = { "d057c7c02600232630e9de756a263c00", LOG_LEVEL_WARNING,
					  "Handshake failed: {reason}" },
	[EVENT_PEER_HANDSHAKE_DONE] = { "2980ad99970df7abb7766c23b7c179ee", LOG_LEVEL_DEBUG,
					"Handshake succeeded" },
	[EVENT_PEER_KEY] = { "abd7361a2727f78edd0fcd0957d21696", LOG_LEVEL_DEBUG,
			     "Key ID: {key_id}" },
	[EVENT_PEER_BAD_KEY] = { "8b4ee1b4166bf4947c1d63e45c3b05a9", LOG_LEVEL_WARNING,
				 "Bad certificate: {reason}" },
	[EVENT_PEER_UNKNOWN_KEY] = { "0bca910c3d53c96f5306f109871ddbe6", LOG_LEVEL_INFO,
				     "Client not found for key ID: {key_id}, address: {peer}" },
	[EVENT_PEER_TOO_SLOW] = { "e99bf2779b4343cb70e7b8be9d868560", LOG_LEVEL_INFO,
				  "Connection from {peer} was too slow: {detail}" },
	[EVENT_PEER_TOO_MANY] = { "3c2520a2b014fd3f50245c154da89504", LOG_LEVEL_WARNING,
				  "Too many connections: dropped the one from {peer}" },
	[EVENT_PEER_TOO_MANY_OF_SOURCE] = { "96598bb7ff7e36f0060ab984a5831615", LOG_LEVEL_WARNING,
					    "Too many connections from one source: dropped the one "
					    "from {peer}" },
	[EVENT_PEER_RECORDS_LEFT_OUT] = { "b1894337249ba72a98b744f4eb716b47", LOG_LEVEL_WARNING,
					  "{detail} records about connections were left out" },
	[EVENT_REFUSED_DISABLED] = { "edfcbfd0b19e3de309e74c4415cbe561", LOG_LEVEL_INFO,
				     "Client {client} is disabled" },
	[EVENT_REFUSED_LOCKDOWN] = { "810f7f54ea030c4ec29f79a967bfe8dc", LOG_LEVEL_WARNING,
				     "Client {client} is refused during the lockdown" },
	[EVENT_REFUSED_UNSAVED] = { "dd3b780d14c0c561fc22e6b90080d012", LOG_LEVEL_WARNING,
				    "Client {client} is refused while the state cannot be saved" },
	[EVENT_APPROVAL_NEEDED] = { "902f440818c97e8b273c3c7657c7a94f", LOG_LEVEL_INFO,
				    "Client {client} needs approval" },
	[EVENT_REFUSED_DENIED] = { "43ebd7bb59a4af03bd392b4e870ca3c9", LOG_LEVEL_WARNING,
				   "Client {client} was not approved" },
	[EVENT_REFUSED_TIMED_OUT] = { "11501e5f6904293f94f05b05b69d2f8d", LOG_LEVEL_WARNING,
				      "Client {client} timed out while waiting for approval" },
	[EVENT_SECRET_NOT_SENT] = { "273c79cdea23b505f2bf9c6868f98e5d", LOG_LEVEL_WARNING,
				    "gnutls send failed: {reason}" },
	[EVENT_SECRET_SENT] = { "5996ec257246b29c35431c0fe95a06bf", LOG_LEVEL_INFO,
				"Sending secret to {client}" },
	[EVENT_PEER_BYE_FAILED] = { "490747477ab9155630282cd14fb0c0c1", LOG_LEVEL_WARNING,
				    "GnuTLS bye failed: {reason}" },
	[EVENT_STATE_NOT_SAVED] = { "5b696228dc3aa6a05464d82d5ad1f0f9", LOG_LEVEL_CRITICAL,
				    "Could not save persistent state: {reason}[; {detail}]" },
	[EVENT_STATE_SAVED_AGAIN] = { "0af700d3794a6d37a21cf617616b8f26", LOG_LEVEL_WARNING,
				      "Persistent state has been saved again; secrets are given "
				      "again" },
	[EVENT_CONFIGURATION_RELOADED] = { "3279469c24b3bad34639fb71dfbff7cc", LOG_LEVEL_INFO,
					   "Configuration reloaded: {detail}" },
	[EVENT_CONFIGURATION_KEPT] = { "1a1aa2d5c9ab068f2a615677056304b9", LOG_LEVEL_ERROR,
				       "The configuration was not reloaded ({reason}); the old one "
				       "stays in force" },
	[EVENT_LOCKDOWN] = { "d5cfdfc439ab003a7e7948a31cea4268", LOG_LEVEL_WARNING,
			     "Lockdown: no client is given its password until it is lifted[: "
			     "{reason}]" },
	[EVENT_LOCKDOWN_LIFTED] = { "fb31af39518ca316a62bdbaaf55e2e0d", LOG_LEVEL_WARNING,
				    "The lockdown is lifted[: {reason}]" },
};

const struct event_row *event_row(enum event_kind kind)
{
	return &rows[kind];
}

/** struct texts - the details of one record as text; NULL what is not known */
struct texts {
	const char *client;
	const char *key_id;
	const char *peer;
	const char *address;
	const char *reason;
	const char *detail;
	char key_id_buffer[KEY_ID_TEXT_SIZE];
	char peer_buffer[PEER_TEXT_SIZE];
	char address_buffer[PEER_ADDRESS_SIZE];
};

static void texts_init(struct texts *t, const struct event_details *d)
{
	const struct key_id *id = d->key_id;

	*t = (struct texts){ .reason = d->reason, .detail = d->detail };
	if (d->client) {
		t->client = d->client->name;
		if (!id && d->client->has_key_id)
			id = &d->client->key_id;
	}
	if (id) {
		key_id_format(id, t->key_id_buffer);
		t->key_id = t->key_id_buffer;
	}
	if (d->peer) {
		peer_format(d->peer, t->peer_buffer);
		t->peer = t->peer_buffer;
		peer_format_address(d->peer, t->address_buffer);
		t->address = t->address_buffer;
	}
}

/** struct output - the text that is being made; what does not fit is left out */
struct output {
	char *text;
	size_t size;
	size_t used;
};

static void put(struct output *out, const char *text, size_t size)
{
	size_t room = out->size - 1 - out->used;

	size = MIN_OF(size, room);
	memcpy(out->text + out->used, text, size);
	out->used += size;
}

/* Of the reference that begins at @at, NULL if it is not known; @ret_size: of the reference. */
static const char *value_of(const struct texts *t, const char *at, size_t *ret_size)
{
	const struct {
		const char *reference;
		const char *value;
	} values[] = {
		{ "{client}", t->client }, { "{key_id}", t->key_id }, { "{peer}", t->peer },
		{ "{reason}", t->reason }, { "{detail}", t->detail },
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		*ret_size = strlen(values[i].reference);
		if (strncmp(at, values[i].reference, *ret_size) == 0)
			return values[i].value;
	}
	return NULL;
}

static void format(const char *template, const struct texts *t, struct output *out)
{
	size_t before_bracket = 0;
	bool known = true;

	while (*template) {
		size_t literal = strcspn(template, "{[]"), size = 1;
		const char *value;

		put(out, template, literal);
		template += literal;
		switch (*template) {
		case '[':
			before_bracket = out->used;
			known = true;
			break;
		case ']':
			if (!known)
				out->used = before_bracket;
			break;
		case '{':
			value = value_of(t, template, &size);
			known = known && value;
			if (value)
				put(out, value, strlen(value));
			break;
		default:
			size = 0;
			break;
		}
		template += size;
	}
	out->text[out->used] = '\0';
}

void event_format(enum event_kind kind, const struct event_details *d, char *ret_text, size_t size)
{
	struct output out = { .text = ret_text, .size = size };
	struct texts texts;

	texts_init(&texts, d);
	format(rows[kind].text, &texts, &out);
}

void event_log(enum event_kind kind, const struct event_details *d)
{
	const struct event_row *row = &rows[kind];
	char text[LOG_RECORD_MAX];
	struct output out = { .text = text, .size = sizeof(text) };
	struct texts t;

	if (row->level > log_threshold())
		return;
	texts_init(&t, d);
	format(row->text, &t, &out);
	/* A caller may offer more than the kind of event has a reason for. */
	if (!strstr(row->text, "{reason}"))
		t.reason = NULL;
	log_fields(row->level,
		   (const struct log_field[]){ { "MESSAGE_ID", row->message_id },
					       { "MANDOS_CLIENT", t.client },
					       { "MANDOS_KEY_ID", t.key_id },
					       { "MANDOS_PEER", t.address },
					       { "MANDOS_REASON", t.reason },
					       { NULL, NULL } },
		   text);
}
