/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test-inject PID [leave]: makes a running process do system calls, from inside, and tells their
 * results.
 *
 * For each line of standard input, "NAME ARGUMENT..." with at most six arguments, one line of
 * output: "= NUMBER" as the kernel returned it (negative: an errno), or "! NUMBER" if the process
 * was ended by that signal. Arguments: a number; "s:TEXT", a string; "x:HEX", bytes; "z:SIZE",
 * zeros. The process waits in a system call, whose instruction is used; then it goes on as before.
 * "leave" lets go of the process just before the first call, and tells nothing: a parent does not
 * learn of the end of a child that somebody traces. For root, and x86-64.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 6
#define SCRATCH_SIZE  4096
#define RED_ZONE      128
#define SYSCALL_CODE  0x050fu

static pid_t victim;
static uint8_t scratch[SCRATCH_SIZE];
static size_t scratch_used;

static void wait_for_stop(void)
{
	int status;

	if (waitpid(victim, &status, 0) < 0)
		err(1, "waitpid");
	if (WIFSIGNALED(status)) {
		(void)printf("! %d\n", WTERMSIG(status));
		exit(0);
	}
	if (!WIFSTOPPED(status))
		errx(1, "it has exited");
}

static void get_registers(struct user_regs_struct *r)
{
	if (ptrace(PTRACE_GETREGS, victim, NULL, r) < 0)
		err(1, "registers");
}

static void set_registers(struct user_regs_struct *r)
{
	if (ptrace(PTRACE_SETREGS, victim, NULL, r) < 0)
		err(1, "registers");
}

static size_t decode_hex(const char *text, uint8_t *to)
{
	size_t n = strlen(text) / 2;

	for (size_t i = 0; i < n; i++) {
		char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };

		to[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return n;
}

/* Returns the value of the argument; @base is where the scratch will be in the victim. */
static uint64_t argument(const char *word, uint64_t base)
{
	uint64_t at = base + scratch_used;
	uint8_t *to = scratch + scratch_used;
	size_t room = SCRATCH_SIZE - scratch_used, size;

	if (word[1] != ':')
		return strtoull(word, NULL, 0);
	word += 2;
	size = word[-2] == 'z' ? strtoul(word, NULL, 0) : strlen(word) + 1;
	if (size + 8 > room)
		errx(1, "too long: %s", word);
	memset(to, 0, size);
	if (word[-2] == 's')
		memcpy(to, word, size);
	else if (word[-2] == 'x')
		(void)decode_hex(word, to);
	scratch_used += (size + 15) / 16 * 16;
	return at;
}

static void parse(char *line, struct user_regs_struct *r)
{
	unsigned long long *const places[ARGUMENTS_MAX] = { &r->rdi, &r->rsi, &r->rdx,
							    &r->r10, &r->r8,  &r->r9 };
	uint64_t base = (r->rsp - RED_ZONE - SCRATCH_SIZE) & ~15ull;
	const char *name = strtok(line, " \n"), *word;
	int number = name ? seccomp_syscall_resolve_name(name) : __NR_SCMP_ERROR;
	struct iovec ours = { .iov_base = scratch };
	struct iovec theirs = { .iov_base = (void *)(uintptr_t)base };

	if (number == __NR_SCMP_ERROR)
		errx(1, "no such system call: %s", name ? name : "");
	r->rax = (unsigned long long)number;
	scratch_used = 0;
	for (int i = 0; i < ARGUMENTS_MAX; i++) {
		word = strtok(NULL, " \n");
		*places[i] = word ? argument(word, base) : 0;
	}
	ours.iov_len = theirs.iov_len = scratch_used;
	if (scratch_used > 0 &&
	    process_vm_writev(victim, &ours, 1, &theirs, 1, 0) != (ssize_t)scratch_used)
		err(1, "writing arguments");
}

static void inject(char *line, bool leave)
{
	struct user_regs_struct before, r;
	uint64_t place;
	long code;

	if (ptrace(PTRACE_INTERRUPT, victim, NULL, NULL) < 0)
		err(1, "interrupt");
	wait_for_stop();
	get_registers(&before);
	r = before;
	place = before.rip - 2;
	errno = 0;
	code = ptrace(PTRACE_PEEKTEXT, victim, place, NULL);
	if (errno || (code & 0xffff) != SYSCALL_CODE)
		errx(1, "it is not waiting in a system call");
	parse(line, &r);
	r.rip = place;
	r.orig_rax = ~0ull; /* nothing to be restarted */
	set_registers(&r);
	if (leave) {
		if (ptrace(PTRACE_DETACH, victim, NULL, NULL) < 0)
			err(1, "detach");
		exit(0);
	}
	if (ptrace(PTRACE_SINGLESTEP, victim, NULL, NULL) < 0)
		err(1, "step");
	wait_for_stop();
	get_registers(&r);
	(void)printf("= %lld\n", (long long)r.rax);
	(void)fflush(stdout);
	set_registers(&before);
	if (ptrace(PTRACE_CONT, victim, NULL, NULL) < 0)
		err(1, "continue");
}

int main(int argc, char *argv[])
{
	bool leave = argc == 3 && strcmp(argv[2], "leave") == 0;
	char line[1024];

	if (argc != 2 && !leave)
		errx(2, "usage: test-inject PID [leave]");
	victim = (pid_t)strtol(argv[1], NULL, 10);
	if (ptrace(PTRACE_SEIZE, victim, NULL, NULL) < 0)
		err(1, "cannot trace %d", victim);
	while (fgets(line, sizeof(line), stdin))
		inject(line, leave);
	/* What was stopped goes on when the tracer ends. */
	return 0;
}
