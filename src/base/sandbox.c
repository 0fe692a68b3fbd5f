/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"

static const struct sandbox_call always_allowed[] = {
	/* Memory that is executable is made before, by the dynamic linker. */
	{ "mmap", SANDBOX_IF_CLEAR, 2, PROT_EXEC },
	{ "mmap2", SANDBOX_IF_CLEAR, 2, PROT_EXEC },
	{ "mprotect", SANDBOX_IF_CLEAR, 2, PROT_EXEC },
	{ .name = "brk" },
	{ .name = "madvise" },
	{ .name = "mlock" },
	{ .name = "mlock2" },
	{ .name = "mremap" },
	{ .name = "munlock" },
	{ .name = "munmap" },

	{ .name = "clock_getres" },
	{ .name = "clock_gettime" },
	{ .name = "clock_gettime64" },
	{ .name = "gettimeofday" },
	{ .name = "time" },
	{ .name = "getrandom" },

	{ .name = "futex" },
	{ .name = "futex_time64" },
	{ .name = "restart_syscall" },
	{ .name = "rt_sigaction" },
	{ .name = "rt_sigprocmask" },
	{ .name = "rt_sigreturn" },
	{ .name = "sigreturn" },
	{ .name = "sigaltstack" },
	{ .name = "sched_yield" },

	{ .name = "getegid" },
	{ .name = "getegid32" },
	{ .name = "geteuid" },
	{ .name = "geteuid32" },
	{ .name = "getgid" },
	{ .name = "getgid32" },
	{ .name = "getpid" },
	{ .name = "getppid" },
	{ .name = "gettid" },
	{ .name = "getuid" },
	{ .name = "getuid32" },
	{ .name = "getrusage" },
	{ .name = "sched_getaffinity" },
	{ .name = "sysinfo" },
	{ .name = "uname" },
	/* Limits may be looked at. */
	{ .name = "getrlimit" },
	{ .name = "ugetrlimit" },
	{ "prlimit64", SANDBOX_IF_EQUAL, 2, 0 },

	{ .name = "exit" },
	{ .name = "exit_group" },
};

/* By name, since they are to be answered for, and not only to fail. */
static const char *const always_forbidden[] = {
	/* programs and processes */
	"execve", "execveat", "uselib", "ptrace", "process_vm_readv", "process_vm_writev",
	"process_madvise", "process_mrelease", "pidfd_getfd", "kcmp", "personality", "modify_ldt",
	/* rights */
	"capset", "setfsgid", "setfsuid", "setgid", "setgroups", "setregid", "setresgid",
	"setresuid", "setreuid", "setuid",
	/* name spaces and mounts */
	"unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree",
	"fsopen", "fsmount", "fsconfig", "fspick", "mount_setattr", "name_to_handle_at",
	"open_by_handle_at",
	/* the kernel */
	"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
	"io_uring_register", "add_key", "request_key", "keyctl", "init_module", "finit_module",
	"delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "syslog",
	"acct", "quotactl", "sethostname", "setdomainname", "settimeofday", "clock_settime",
	"clock_adjtime", "adjtimex", "iopl", "ioperm", "vhangup",
	/* other ways to memory that can be executed */
	"pkey_mprotect", "remap_file_pages", "memfd_create", "memfd_secret", "shmat", "shmget"
};

/*
 * A sanitizer's report looks up names in files, and tries to start a program for that: there it is
 * to go on without the program, not to end in the middle of the report.
 */
#ifdef SANDBOX_WITH_SANITIZERS
static const struct sandbox_call for_sanitizers[] = {
	{ "open", SANDBOX_IF_CLEAR, 1, O_ACCMODE | O_CREAT | O_TRUNC },
	{ "openat", SANDBOX_IF_CLEAR, 2, O_ACCMODE | O_CREAT | O_TRUNC },
	{ .name = "access" },
	{ .name = "close" },
	{ .name = "fstat" },
	{ .name = "getcwd" },
	{ .name = "lseek" },
	{ .name = "newfstatat" },
	{ .name = "nanosleep" },
	{ .name = "clock_nanosleep" },
	{ .name = "pread64" },
	{ .name = "read" },
	{ .name = "readlink" },
	{ .name = "readlinkat" },
	{ .name = "stat" },
	{ .name = "write" },
};
#else
static const char *const to_fork[] = { "clone", "clone3", "fork", "vfork" };
#endif

static int allow(scmp_filter_ctx filter, const struct sandbox_call *c)
{
	int number = seccomp_syscall_resolve_name(c->name);

	if (number == __NR_SCMP_ERROR)
		return 0;
	switch (c->when) {
	case SANDBOX_ALWAYS:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	case SANDBOX_IF_EQUAL:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
					SCMP_CMP64(c->argument, SCMP_CMP_EQ, c->value));
	case SANDBOX_IF_CLEAR:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
					SCMP_CMP64(c->argument, SCMP_CMP_MASKED_EQ, c->value, 0));
	case SANDBOX_IF_PAIR:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 2,
					SCMP_CMP64(c->argument, SCMP_CMP_EQ, c->value),
					SCMP_CMP64(c->argument + 1, SCMP_CMP_EQ, c->next_value));
	}
	return -EINVAL;
}

static int allow_all(scmp_filter_ctx filter, const struct sandbox_call *calls, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = allow(filter, &calls[i]);
	return r;
}

static int forbid_all(scmp_filter_ctx filter, const char *const *names, size_t n, uint32_t action)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		if (number != __NR_SCMP_ERROR)
			r = seccomp_rule_add(filter, action, number, 0);
	}
	return r;
}

static int add_common(scmp_filter_ctx filter, uint32_t action)
{
	const struct sandbox_call own_signals = { "tgkill", SANDBOX_IF_EQUAL, 0,
						  (uint64_t)getpid() };
	int r = allow_all(filter, always_allowed, ARRAY_SIZE(always_allowed));

	if (r == 0)
		r = allow(filter, &own_signals);
	if (r == 0)
		r = forbid_all(filter, always_forbidden, ARRAY_SIZE(always_forbidden), action);
	/* The other half of the conditions on memory. */
	if (r == 0)
		r = seccomp_rule_add(filter, action, SCMP_SYS(mmap), 1,
				     SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
	if (r == 0)
		r = seccomp_rule_add(filter, action, SCMP_SYS(mprotect), 1,
				     SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
#ifdef SANDBOX_WITH_SANITIZERS
	if (r == 0)
		r = allow_all(filter, for_sanitizers, ARRAY_SIZE(for_sanitizers));
#else
	if (r == 0)
		r = forbid_all(filter, to_fork, ARRAY_SIZE(to_fork), action);
#endif
	return r;
}

static int add_rules(scmp_filter_ctx filter, const struct sandbox_rules *rules)
{
	uint32_t action =
		rules->penalty == SANDBOX_KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM);
	int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	/*
	 * A tree instead of a list with the hot calls first: a kernel since 5.11 knows by itself
	 * which calls are always allowed, so what runs the filter is the rest, from anywhere in it.
	 */
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = add_common(filter, action);
	if (r == 0)
		r = allow_all(filter, rules->allowed, rules->n_allowed);
	if (r == 0)
		r = forbid_all(filter, rules->forbidden, rules->n_forbidden, action);
	return r;
}

int sandbox_enter(const struct sandbox_rules *rules)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r;

	if (!filter)
		return -ENOMEM;
	r = add_rules(filter, rules);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
