#include "ops/support/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, enum error_code code, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	err->code = code;
	va_start(args, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}

int error_prefix(struct error *err, const char *format, ...)
{
	char old[ERROR_TEXT_SIZE];
	va_list args;
	size_t at;

	if (!err)
		return ERROR_INPUT;
	memcpy(old, err->text, sizeof(old));
	va_start(args, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	at = strlen(err->text);
	(void)snprintf(err->text + at, sizeof(err->text) - at, ": %s", old);
	return err->code;
}
