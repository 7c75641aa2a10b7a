#ifndef SB_CONSUMER_NOTIFIER_GUARD_H
#define SB_CONSUMER_NOTIFIER_GUARD_H

/*
 * Which network addresses a webhook must not be sent to, because they are not
 * addresses of the public internet: of this machine, of the networks around it, of
 * machines' metadata. Pure.
 */

#include <stddef.h>

struct sockaddr;

/*
 * Why the address is not public, as words that follow "its address is " ("private");
 * NULL: it is public. IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890),
 * multicast, and what stands in an IPv6 address for one of IPv4: mapped, NAT64, 6to4,
 * Teredo. Addresses of other families are not public.
 */
const char *guard_reason(const struct sockaddr *address);

#endif
