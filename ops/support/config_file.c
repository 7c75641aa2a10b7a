#include "ops/support/config_file.h"

void config_file_init(struct config_file *f, struct bytes content)
{
	static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };

	*f = (struct config_file){ .rest = content };
	if (content.len < sizeof(mark) || memcmp(content.data, mark, sizeof(mark)) != 0)
		return;
	f->rest = (struct bytes){ content.data + sizeof(mark), content.len - sizeof(mark) };
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static struct bytes trim_blanks(struct bytes b)
{
	while (b.len && is_blank(b.data[0]))
		b = (struct bytes){ b.data + 1, b.len - 1 };
	while (b.len && is_blank(b.data[b.len - 1]))
		b.len--;
	return b;
}

/* Takes a line from what is left, which is not empty: without its end, LF or CR LF. */
static struct bytes take_line(struct config_file *f)
{
	const uint8_t *end = memchr(f->rest.data, '\n', f->rest.len);
	struct bytes line = { f->rest.data, end ? (size_t)(end - f->rest.data) : f->rest.len };
	size_t used = line.len + (end ? 1 : 0);

	f->rest = (struct bytes){ f->rest.data + used, f->rest.len - used };
	f->line++;
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool has_control(struct bytes line)
{
	for (size_t i = 0; i < line.len; i++)
		if ((line.data[i] < ' ' && line.data[i] != '\t') || line.data[i] == 0x7f)
			return true;
	return false;
}

/* What keys are made of; isalnum() would depend on the locale. */
static bool is_key(struct bytes key)
{
	for (size_t i = 0; i < key.len; i++) {
		uint8_t c = key.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '-' || c == '_'))
			return false;
	}
	return key.len > 0;
}

static bool split_pair(struct config_pair *out, struct bytes line)
{
	const uint8_t *sign = memchr(line.data, '=', line.len);
	size_t at = sign ? (size_t)(sign - line.data) : 0;

	if (!sign)
		return false;
	out->key = trim_blanks((struct bytes){ line.data, at });
	out->value = trim_blanks((struct bytes){ sign + 1, line.len - at - 1 });
	return is_key(out->key);
}

/* Takes a line such as "[endpoint ops]", without blanks around it. */
static int begin_section(struct config_file *f, struct bytes line, struct error *err)
{
	static const char head[] = "[endpoint ";
	size_t skip = sizeof(head) - 1;
	struct bytes name;

	f->in_kafka = bytes_equal_text(line, "[kafka]");
	f->endpoint = (struct bytes){ 0 };
	if (f->in_kafka)
		return 0;
	if (line.len <= skip || memcmp(line.data, head, skip) != 0 ||
	    line.data[line.len - 1] != ']')
		return error_set(err, ERROR_INPUT,
				 "line %d begins a section; those that there are are [kafka] and "
				 "[endpoint NAME]",
				 f->line);
	name = trim_blanks((struct bytes){ line.data + skip, line.len - skip - 1 });
	if (!is_key(name) || name.len > CONFIG_ENDPOINT_NAME_MAX)
		return error_set(
			err, ERROR_INPUT,
			"line %d: the name of an endpoint must have 1 to %d letters, digits, "
			"dots, hyphens and underscores",
			f->line, CONFIG_ENDPOINT_NAME_MAX);
	f->endpoint = name;
	return 0;
}

/* 1: *out is a pair; 0: the line says nothing, or begins a section. */
static int read_line(struct config_file *f, struct bytes line, struct config_pair *out,
		     struct error *err)
{
	if (has_control(line))
		return error_set(err, ERROR_INPUT, "line %d has a control character", f->line);
	line = trim_blanks(line);
	if (!line.len || line.data[0] == '#' || line.data[0] == ';')
		return 0;
	if (line.data[0] == '[')
		return begin_section(f, line, err);
	*out = (struct config_pair){ .in_kafka = f->in_kafka,
				     .endpoint = f->endpoint,
				     .line = f->line };
	if (!split_pair(out, line))
		return error_set(err, ERROR_INPUT, "line %d is not `key = value`", f->line);
	return 1;
}

int config_file_next(struct config_file *f, struct config_pair *out, struct error *err)
{
	struct config_pair pair = { 0 };
	int rc = 0;

	while (!rc && f->rest.len)
		rc = read_line(f, take_line(f), &pair, err);
	if (rc == 1)
		*out = pair;
	return rc;
}
