#ifndef SB_SUPPORT_ATTRIBUTES_H
#define SB_SUPPORT_ATTRIBUTES_H

/*
 * MUST_USE stands before a function whose result says whether it failed. The
 * compiler warns where the result is ignored; error_ignore() (error.h) ignores
 * it on purpose.
 */
#define MUST_USE __attribute__((warn_unused_result))

#endif
