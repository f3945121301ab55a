package dev.switchlab.nn;

import dev.switchlab.distributed.ProcessGroup;

/**
 * Which of a layer's experts this process has: all, or those of one rank, where the others have theirs. Rank r of R has
 * the r-th of R equal runs of experts (arXiv 2101.03961, section 5.1: expert parallelism).
 *
 * @param world the ranks that share the experts; a single process for all of them
 * @param count how many this process has
 */
record ExpertShard(ProcessGroup world, int count) {

    /**
     * This rank's part of {@code experts}.
     *
     * @throws IllegalArgumentException in one line, if there are not as many for each rank
     */
    static ExpertShard of(ProcessGroup world, int experts) {
        if (experts % world.size() != 0) {
            throw new IllegalArgumentException(
                    "model.n_experts is %d, allowed with RANKS=%d: multiples of %2$d, for example SET=model.n_experts=%d"
                            .formatted(experts, world.size(), (experts / world.size() + 1) * world.size()));
        }
        return new ExpertShard(world, experts / world.size());
    }

    /** Whether it is all of the experts. */
    boolean isAll() {
        return world.size() == 1;
    }

    /** The first of its experts. */
    int first() {
        return world.rank() * count;
    }
}
