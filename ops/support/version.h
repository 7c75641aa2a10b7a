#ifndef SB_SUPPORT_VERSION_H
#define SB_SUPPORT_VERSION_H

/* The version of the programs, as in "0.1.0": that of the build. */
const char *version_text(void);

#endif
