package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.RouterScope;
import dev.switchlab.experiment.RouterScore;
import dev.switchlab.nn.RoutingStatistics.Expert;
import dev.switchlab.nn.kernel.Script;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * The numbers that {@link RoutingStatistics} are made of, still where the pass computed them: they are read together
 * with whatever else a step has to say.
 */
public final class RoutingNumbers {

    private static final Script SCRIPT = Script.of("routing numbers", """
            def probabilities(self, ranking: Tensor, of_logits: bool, softmax: bool) -> Tensor:
              if of_logits:
                p = torch.softmax(ranking, 1)
              elif softmax:
                p = ranking
              else:
                p = torch.div(ranking, torch.add(torch.sum(ranking, [1], True), 1e-20))
              return p
            def numbers(self, float_ranking: Tensor, routes: Tensor, takers: Tensor, float_kept: Tensor, bias: Tensor,
                of_logits: bool, softmax: bool, shares: bool) -> Tensor:
              ranking = torch.to(float_ranking, 7)
              e = torch.size(ranking, 1)
              experts = torch.sub(torch.cumsum(torch.new_ones(routes, [e]), 0), 1)
              wants = torch.to(torch.eq(torch.unsqueeze(routes, -1), experts), 7)
              takes = torch.to(torch.eq(torch.unsqueeze(takers, -1), experts), 7)
              kept = torch.unsqueeze(torch.reshape(torch.to(float_kept, 7), torch.size(routes)), -1)
              p = self.probabilities(ranking, of_logits, softmax)
              trusted = ranking
              if of_logits:
                trusted = p
              own = torch.gather(trusted, 1, routes)
              first = torch.select(own, 1, 0)
              if shares:
                first = torch.div(first, torch.add(torch.sum(own, [1]), 1e-20))
              entropy = torch.neg(torch.mean(torch.sum(torch.xlogy(p, p), [1])))
              return torch.cat([
                torch.stack([entropy, torch.mean(first)]),
                torch.sum(wants, [0, 1]),
                torch.sum(torch.select(wants, 1, 0), [0]),
                torch.mean(p, [0]),
                torch.sum(torch.mul(wants, torch.sub(torch.ones_like(kept), kept)), [0, 1]),
                torch.sum(torch.mul(takes, kept), [0, 1]),
                torch.to(bias, 7)])
            """);

    /** Sums over tokens that come before those per expert: entropy and confidence. */
    private static final int HEAD = 2;

    private final int layer;
    private final int tokens;
    private final int choices;
    private final int e;
    private final double capacity;
    private final NDArray numbers;

    private RoutingNumbers(int layer, Plan plan, NDArray numbers) {
        this.layer = layer;
        tokens = plan.tokens();
        choices = plan.choices();
        e = plan.experts();
        capacity = plan.ownCapacity();
        this.numbers = numbers;
    }

    /**
     * The numbers of one layer's routing of one batch.
     *
     * @param manager owns them: they outlive the pass
     */
    public static RoutingNumbers of(NDManager manager, Routing routing) {
        ModelConfig model = routing.model();
        Plan plan = routing.tensors();
        try (NDManager scratch = manager.newSubManager()) {
            NDArray kept = plan.kept(scratch).orElseGet(() -> scratch.ones(new Shape(plan.pairs(), 1))); // (N * K, 1)
            NDArray bias = routing.selectionBias().orElseGet(() -> scratch.zeros(new Shape(0))); // (E) or (0)
            boolean ofLogits = model.routerScope() == RouterScope.CHOSEN;
            NDArray numbers = SCRIPT.tensor(
                    manager,
                    "numbers",
                    routing.ranking(),
                    plan.routes(scratch),
                    plan.takers(scratch),
                    kept,
                    bias,
                    ofLogits,
                    model.routerScore() == RouterScore.SOFTMAX,
                    model.normalizeGates() || ofLogits);
            return new RoutingNumbers(routing.layer(), plan, numbers);
        }
    }

    /** One row of float64. */
    public NDArray tensor() {
        return numbers;
    }

    /**
     * What they say.
     *
     * @param read the values of {@link #tensor}
     */
    public RoutingStatistics statistics(double[] read) {
        double pairs = (double) tokens * choices;
        List<Expert> experts = new ArrayList<>();
        double fullest = 0;
        double droppedPairs = 0;
        int dead = 0;
        for (int expert = 0; expert < e; expert++) {
            double count = read[HEAD + expert];
            double dropped = read[HEAD + 3 * e + expert];
            fullest = Math.max(fullest, count);
            droppedPairs += dropped;
            dead += count == 0 ? 1 : 0;
            experts.add(new Expert(
                    count / pairs,
                    choices == 1 ? OptionalDouble.empty() : OptionalDouble.of(read[HEAD + e + expert] / tokens),
                    read[HEAD + 2 * e + expert],
                    dropped / pairs,
                    capacity == 0 ? 0 : read[HEAD + 4 * e + expert] / capacity,
                    read.length > HEAD + 5 * e
                            ? OptionalDouble.of(read[HEAD + 5 * e + expert])
                            : OptionalDouble.empty()));
        }
        return new RoutingStatistics(
                layer, read[0], read[1], droppedPairs / pairs, fullest * e / pairs - 1, dead, List.copyOf(experts));
    }
}
