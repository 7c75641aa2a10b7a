#include "ops/support/version.h"

const char *version_text(void)
{
	return SB_VERSION;
}
