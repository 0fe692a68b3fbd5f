/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For LD_PRELOAD: avahi-core's first browser cannot be made, its second one fails as soon as it is;
 * the others are as they are. No network does that at a test's bidding.
 */
#include <avahi-core/lookup.h>
#include <dlfcn.h>
#include <stddef.h>

typedef AvahiSServiceBrowser *browser_new_fn(AvahiServer *, AvahiIfIndex, AvahiProtocol,
					     const char *, const char *, AvahiLookupFlags,
					     AvahiSServiceBrowserCallback, void *);

__attribute__((visibility("default"))) AvahiSServiceBrowser *avahi_s_service_browser_new(
	AvahiServer *server, AvahiIfIndex index, AvahiProtocol protocol, const char *type,
	const char *domain, AvahiLookupFlags flags, AvahiSServiceBrowserCallback callback,
	void *userdata)
{
	static unsigned int n_made;
	browser_new_fn *real;
	AvahiSServiceBrowser *b;

	*(void **)&real = dlsym(RTLD_NEXT, "avahi_s_service_browser_new");
	if (++n_made == 1)
		return NULL;
	b = real(server, index, protocol, type, domain, flags, callback, userdata);
	if (n_made == 2)
		callback(b, index, protocol, AVAHI_BROWSER_FAILURE, NULL, type, domain, 0,
			 userdata);
	return b;
}
