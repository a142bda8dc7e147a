#include "machine.h"

#include <stdio.h>
#include <sys/mman.h>

#include <deque>
#include <vector>

namespace machine {

thread_local Dimensions grid, block, position, thread;
thread_local unsigned char *dynamic_shared;

static const Kernel *kernels;

Kernel::Kernel(const char *name, Run run) : name(name), run(run), next(kernels) { kernels = this; }

const Kernel *Kernel::find(const char *name) {
	for (const Kernel *k = kernels; k; k = k->next)
		if (!strcmp(k->name, name)) return k;
	return nullptr;
}

namespace {

// Stacks are no power of two apart, or the tops of all would share their sets of the cache.
const size_t stack_size = (64 << 10) + 832, shared_size = 256 << 10;

#if defined(__x86_64__)

// Fibers change some ten thousand times in a launch, too often for swapcontext, which
// asks the system to keep the mask of signals.
asm(R"(
	.text
	.type clara_change_fiber, @function
clara_change_fiber:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, (%rdi)
	movq %rsi, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret
	.size clara_change_fiber, .-clara_change_fiber
)");
extern "C" void clara_change_fiber(void **from, void *to) __attribute__((visibility("hidden")));

struct Context {
	void *stack_pointer;
	void begin(unsigned char *stack, void (*run)()) {
		// As if run had been called from nowhere: below an address to return to, which a
		// call leaves eight bytes off the alignment, its own address and six saved registers.
		void **top = (void **)(stack + stack_size) - 1;
		*top = nullptr;
		*--top = (void *)run;
		stack_pointer = top - 6;
	}
	void change(Context &to) { clara_change_fiber(&stack_pointer, to.stack_pointer); }
};

#else
#include <ucontext.h>

struct Context {
	ucontext_t context;
	void begin(unsigned char *stack, void (*run)()) {
		getcontext(&context);
		context.uc_stack.ss_sp = stack;
		context.uc_stack.ss_size = stack_size;
		context.uc_link = nullptr;
		makecontext(&context, run, 0);
	}
	void change(Context &to) { swapcontext(&context, &to.context); }
};

#endif

// Sixteen bytes to copy, and the group that they belong to.
struct Copy {
	void *to;
	const void *from;
	size_t group;
};

struct Fiber {
	Context context;
	bool done;
	size_t shared; // taken so far
	std::deque<Copy> copies;
	size_t groups; // ended
};

struct Warp {
	unsigned arrived, epoch;
	uint32_t room[32][8];
};

struct Processor {
	Context scheduler;
	std::vector<Fiber> fibers;
	std::vector<Warp> warps;
	std::vector<unsigned> order;
	unsigned char *stacks = nullptr;
	size_t stacks_of = 0;
	std::vector<unsigned char> shared = std::vector<unsigned char>(shared_size);
	size_t dynamic, dirty = shared_size; // bytes for the launch, and those that are no NaN
	unsigned current, arrived, epoch, live;
	bool progress;
	uint64_t lot = 0x9e3779b97f4a7c15;
	const Kernel *kernel;
	void **arguments;

	void yield() { fibers[current].context.change(scheduler); }
	// A number below n, by a xorshift generator (Marsaglia 2003).
	unsigned draw(unsigned n) {
		lot ^= lot << 13;
		lot ^= lot >> 7;
		lot ^= lot << 17;
		return (lot >> 33) % n;
	}
};

thread_local Processor p;

void run_fiber() {
	p.kernel->run(p.arguments);
	p.fibers[p.current].done = true;
	p.live--;
	p.progress = true;
	for (;;) p.yield();
}

bool run_block() {
	unsigned n = block.x;
	p.arrived = 0;
	p.live = n;
	memset(p.shared.data(), 0xff, p.dirty); // NaN
	p.dirty = p.dynamic;
	for (auto &w : p.warps) w.arrived = 0;
	for (unsigned i = 0; i < n; i++) {
		p.fibers[i].done = false;
		p.fibers[i].shared = p.dynamic;
		p.fibers[i].copies.clear();
		p.fibers[i].groups = 0;
		p.fibers[i].context.begin(p.stacks + i * stack_size, run_fiber);
	}
	while (p.live > 0) {
		p.progress = false;
		for (unsigned i = n - 1; i > 0; i--) std::swap(p.order[i], p.order[p.draw(i + 1)]);
		for (unsigned i : p.order) {
			if (p.fibers[i].done) continue;
			p.current = i;
			thread = {i, 0, 0};
			p.scheduler.change(p.fibers[i].context);
		}
		if (!p.progress) return false;
	}
	return true;
}

} // namespace

void *take_shared(size_t size) {
	Fiber &f = p.fibers[p.current];
	void *at = p.shared.data() + f.shared;
	f.shared += (size + 15) / 16 * 16;
	if (f.shared > p.dirty) p.dirty = f.shared;
	if (f.shared > shared_size) {
		fprintf(stderr, "emulator: %s takes more shared memory than there is\n", p.kernel->name);
		abort();
	}
	return at;
}

void synchronize_block() {
	unsigned epoch = p.epoch;
	if (++p.arrived == p.live) {
		p.arrived = 0;
		p.epoch++;
		p.progress = true;
		return;
	}
	while (epoch == p.epoch) p.yield();
}

void synchronize_warp() {
	Warp &w = p.warps[p.current / 32];
	unsigned epoch = w.epoch;
	if (++w.arrived == 32) {
		w.arrived = 0;
		w.epoch++;
		p.progress = true;
		return;
	}
	while (epoch == w.epoch) p.yield();
}

void copy_later(void *to, const void *from) {
	if (((uintptr_t)to | (uintptr_t)from) % 16 != 0) {
		fprintf(stderr, "emulator: %s copies between places that are not aligned\n", p.kernel->name);
		abort();
	}
	Fiber &f = p.fibers[p.current];
	f.copies.push_back({to, from, f.groups});
}

void end_copies() { p.fibers[p.current].groups++; }

void wait_for_copies(size_t left) {
	Fiber &f = p.fibers[p.current];
	for (; !f.copies.empty() && f.copies.front().group + left < f.groups; f.copies.pop_front())
		memcpy(f.copies.front().to, f.copies.front().from, 16);
}

uint32_t (*warp_room())[8] { return p.warps[p.current / 32].room; }
unsigned lane() { return p.current % 32; }

bool launch(const Kernel *kernel, Dimensions g, Dimensions b, size_t shared, void **arguments) {
	grid = g;
	block = b;
	p.kernel = kernel;
	p.arguments = arguments;
	if (p.stacks_of < b.x) {
		// Not given back: a thread that launches once will launch again.
		p.stacks = (unsigned char *)mmap(nullptr, b.x * stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p.stacks == MAP_FAILED) abort();
		p.stacks_of = b.x;
	}
	p.fibers.resize(b.x);
	p.warps.resize((b.x + 31) / 32);
	p.order.resize(b.x);
	for (unsigned i = 0; i < b.x; i++) p.order[i] = i;
	dynamic_shared = p.shared.data();
	p.dynamic = (shared + 15) / 16 * 16;
	for (position.z = 0; position.z < g.z; position.z++)
		for (position.y = 0; position.y < g.y; position.y++)
			for (position.x = 0; position.x < g.x; position.x++)
				if (!run_block()) {
					fprintf(stderr, "emulator: the threads of %s wait for one another for ever\n", kernel->name);
					return false;
				}
	return true;
}

} // namespace machine
