/*
 * avro-c packs the fields of a record without alignment, so that a pointer may
 * stand where the leak sanitizer does not look by itself: it would call memory
 * lost that is in use.
 */

const char *__lsan_default_options(void); /* NOLINT(bugprone-reserved-identifier): its name */

const char *__lsan_default_options(void) /* NOLINT(bugprone-reserved-identifier) */
{
	return "use_unaligned=1";
}
