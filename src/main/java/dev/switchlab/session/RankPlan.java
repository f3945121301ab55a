package dev.switchlab.session;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.experiment.ModelConfig.FeedForwardKind;
import dev.switchlab.provenance.Computation;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How many ranks share a run, and how.
 *
 * @param ranks processes, each with an equal part of every batch
 * @param expertParallel whether each rank has a part of the experts, rather than all of them
 */
public record RankPlan(int ranks, boolean expertParallel) {

    /**
     * The plan for a run.
     *
     * @param asked ranks that were asked for; 0 for as many as were recorded, which are 1 for a new run
     * @param started ranks that run already; empty if this process was started alone
     * @param recorded of the run that is resumed or repeated; empty for a new run
     * @throws IllegalArgumentException in one line, if the experiment cannot be shared so
     */
    public static RankPlan of(int asked, OptionalInt started, Optional<Computation> recorded, Experiment experiment) {
        int ranks = started.orElse(
                asked > 0 ? asked : recorded.map(Computation::ranks).orElse(1));
        if (asked > 0 && asked != ranks) {
            throw new IllegalArgumentException(
                    "RANKS is " + asked + ", but " + ranks + " were started; leave RANKS out, or start " + asked);
        }
        int batch = experiment.train().batchSize();
        if (batch % ranks != 0) {
            throw new IllegalArgumentException("RANKS is " + ranks + ", which does not divide train.batch_size, "
                    + batch + ": each rank takes an equal number of sequences; allowed here: " + divisors(batch));
        }
        return new RankPlan(ranks, expertParallel(ranks, recorded, experiment.model()));
    }

    /**
     * Whether experts are sharded: where there are some and each rank gets an equal number of them. A recorded run that
     * was shared goes on as it was.
     */
    private static boolean expertParallel(int ranks, Optional<Computation> recorded, ModelConfig model) {
        boolean divides = ranks > 1
                && model.feedForward() == FeedForwardKind.SWITCH
                && model.dispatch() == DispatchForm.FUSED
                && model.expertDropout() == 0
                && model.nExperts() % ranks == 0;
        return divides
                && recorded.filter(run -> run.ranks() > 1)
                        .map(Computation::expertParallel)
                        .orElse(true);
    }

    private static String divisors(int number) {
        return IntStream.rangeClosed(1, number)
                .filter(n -> number % n == 0)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(", "));
    }
}
