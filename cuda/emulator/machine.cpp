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
	Lane lanes[32];
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
	// A number below n, by a xorshift generator (Marsaglia 2003); without a division
	// (Lemire 2019), for it is asked for as often as fibers change.
	unsigned draw(unsigned n) {
		lot ^= lot << 13;
		lot ^= lot >> 7;
		lot ^= lot << 17;
		return (lot >> 32) * n >> 32;
	}
};

// Made when a thread launches for the first time and not given back: it will launch again.
thread_local Processor *processor;

void run_fiber() {
	processor->kernel->run(processor->arguments);
	processor->fibers[processor->current].done = true;
	processor->live--;
	processor->progress = true;
	for (;;) processor->yield();
}

bool run_block() {
	unsigned n = block.x;
	processor->arrived = 0;
	processor->live = n;
	memset(processor->shared.data(), 0xff, processor->dirty); // NaN
	processor->dirty = processor->dynamic;
	for (auto &w : processor->warps) w.arrived = 0;
	for (unsigned i = 0; i < n; i++) {
		processor->fibers[i].done = false;
		processor->fibers[i].shared = processor->dynamic;
		processor->fibers[i].copies.clear();
		processor->fibers[i].groups = 0;
		processor->fibers[i].context.begin(processor->stacks + i * stack_size, run_fiber);
	}
	while (processor->live > 0) {
		processor->progress = false;
		for (unsigned i = n - 1; i > 0; i--) std::swap(processor->order[i], processor->order[processor->draw(i + 1)]);
		for (unsigned i : processor->order) {
			if (processor->fibers[i].done) continue;
			processor->current = i;
			thread = {i, 0, 0};
			processor->scheduler.change(processor->fibers[i].context);
		}
		if (!processor->progress) return false;
	}
	return true;
}

} // namespace

void *take_shared(size_t size) {
	Fiber &f = processor->fibers[processor->current];
	void *at = processor->shared.data() + f.shared;
	f.shared += (size + 15) / 16 * 16;
	if (f.shared > processor->dirty) processor->dirty = f.shared;
	if (f.shared > shared_size) {
		fprintf(stderr, "emulator: %s takes more shared memory than there is\n", processor->kernel->name);
		abort();
	}
	return at;
}

void synchronize_block() {
	unsigned epoch = processor->epoch;
	if (++processor->arrived == processor->live) {
		processor->arrived = 0;
		processor->epoch++;
		processor->progress = true;
		return;
	}
	while (epoch == processor->epoch) processor->yield();
}

Lane &own_lane() { return processor->warps[processor->current / 32].lanes[processor->current % 32]; }

void synchronize_warp(void (*operation)(Lane (&lanes)[32])) {
	Warp &w = processor->warps[processor->current / 32];
	unsigned epoch = w.epoch;
	if (++w.arrived == 32) {
		if (operation) operation(w.lanes);
		w.arrived = 0;
		w.epoch++;
		processor->progress = true;
		return;
	}
	while (epoch == w.epoch) processor->yield();
}

void copy_later(void *to, const void *from) {
	if (((uintptr_t)to | (uintptr_t)from) % 16 != 0) {
		fprintf(stderr, "emulator: %s copies between places that are not aligned\n", processor->kernel->name);
		abort();
	}
	Fiber &f = processor->fibers[processor->current];
	f.copies.push_back({to, from, f.groups});
}

void end_copies() { processor->fibers[processor->current].groups++; }

void wait_for_copies(size_t left) {
	Fiber &f = processor->fibers[processor->current];
	for (; !f.copies.empty() && f.copies.front().group + left < f.groups; f.copies.pop_front())
		memcpy(f.copies.front().to, f.copies.front().from, 16);
}

bool launch(const Kernel *kernel, Dimensions g, Dimensions b, size_t shared, void **arguments) {
	if (!processor) processor = new Processor;
	grid = g;
	block = b;
	processor->kernel = kernel;
	processor->arguments = arguments;
	if (processor->stacks_of < b.x) {
		processor->stacks = (unsigned char *)mmap(nullptr, b.x * stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (processor->stacks == MAP_FAILED) abort();
		processor->stacks_of = b.x;
	}
	processor->fibers.resize(b.x);
	processor->warps.resize((b.x + 31) / 32);
	processor->order.resize(b.x);
	for (unsigned i = 0; i < b.x; i++) processor->order[i] = i;
	dynamic_shared = processor->shared.data();
	processor->dynamic = (shared + 15) / 16 * 16;
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
