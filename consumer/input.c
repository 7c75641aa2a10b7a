#include "consumer/input.h"

#include "schemas/cloudevent.h"
#include "schemas/murmur2.h"
#include "schemas/topics.h"

static const struct uuid *workspace_of(const struct record *r)
{
	if (r->type == RECORD_WORKSPACE_CHANGED)
		return &r->as.workspace_changed.workspace_id;
	if (r->type == RECORD_WORKSPACE_DELETED)
		return &r->as.workspace_deleted.workspace_id;
	return record_command(r) ? &record_command(r)->workspace_id : NULL;
}

static int check_place(const struct record *r, const struct input_place *place, struct error *err)
{
	const struct uuid *id = workspace_of(r);
	char key[UUID_TEXT_SIZE];

	if (!id)
		return error_set(err, ERROR_INPUT, "%s does not belong on %s", record_name(r->type),
				 topic_name(TOPIC_COMMANDS));
	uuid_format(key, id);
	if (partition_of(bytes_of(key), place->partitions) != place->partition)
		return error_set(
			err, ERROR_INPUT,
			"the record is about workspace %s, which belongs to another "
			"partition; its key must be the workspace's id and its partitioner "
			"murmur2, as in Java clients",
			key);
	return 0;
}

static void read_hole(struct input *in, const struct message *m, struct arena *arena)
{
	*in = (struct input){
		.message = m,
		.source = { .offset = m->offset, .time = m->time },
		.why_unreadable = arena_printf(arena,
					       "the client cannot unpack the batch with this "
					       "record: %s",
					       m->why),
	};
}

void input_read(struct input *in, const struct message *m, struct codec *codec,
		const struct input_place *place, struct arena *arena)
{
	struct error err = { 0 };

	if (m->hole) {
		read_hole(in, m, arena);
		return;
	}
	*in = (struct input){ .message = m };
	in->source = (struct source){
		.offset = m->offset,
		.time = m->time,
		.traceparent = message_header(m, HEADER_TRACEPARENT),
	};
	in->readable = !codec_decode(codec, m->value, arena, &in->record, &err) &&
		       !check_place(&in->record, place, &err);
	if (!in->readable)
		in->why_unreadable = arena_printf(arena, "%s", err.text);
}

const struct uuid *input_workspace(const struct input *in)
{
	return workspace_of(&in->record);
}

bool input_is_fact(const struct input *in)
{
	return !record_command(&in->record);
}

static void add_header(struct buffer *b, const char *name, struct bytes value)
{
	buffer_append_sized(b, bytes_of(name));
	buffer_append_optional(b, value);
}

struct bytes input_dead_letter_headers(const struct input *in, struct arena *arena)
{
	const struct message *m = in->message;
	struct buffer b;
	const char *name;
	struct bytes value;
	struct bytes packed;

	buffer_init(&b);
	for (size_t i = 0; message_header_at(m, i, &name, &value); i++)
		add_header(&b, name, value);
	add_header(&b, "sharebus_reason", in->why_unreadable);
	add_header(&b, "sharebus_topic", bytes_of(topic_name(TOPIC_COMMANDS)));
	add_header(&b, "sharebus_partition", arena_printf(arena, "%d", m->partition));
	add_header(&b, "sharebus_offset", arena_printf(arena, "%lld", (long long)m->offset));
	if (m->hole)
		add_header(&b, "sharebus_count", arena_printf(arena, "%lld", (long long)m->hole));
	else
		add_header(&b, "sharebus_timestamp",
			   arena_printf(arena, "%lld", (long long)m->time));
	packed = arena_copy(arena, buffer_bytes(&b));
	buffer_done(&b);
	return packed;
}
