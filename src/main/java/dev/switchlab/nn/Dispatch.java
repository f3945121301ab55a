package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import dev.switchlab.nn.kernel.Script;

/**
 * Tokens to their experts and the experts' outputs back: x (N, D) to a row per pair, (N * K, D). The row of a dropped
 * pair is zero, or the token itself where dropped tokens pass through. A gather's gradient is a gather the other way.
 */
final class Dispatch implements Graph.Function {

    private static final Script SCRIPT = Script.of("dispatch");

    private final ForwardContext pass;
    private final ExpertRows rows;
    private final Graph.Function experts;
    private final int topK;
    private final boolean passes;

    Dispatch(ForwardContext pass, Experts experts, RoutingPlan plan, boolean passes) {
        this.pass = pass;
        this.passes = passes;
        topK = plan.choices();
        boolean isLocal = experts.shard().isAll();
        rows = ExpertRows.of(
                pass.manager(), plan, isLocal ? pass.kernels().experts().grain() : 1);
        this.experts =
                isLocal ? experts.grouped(pass, rows.offsets()) : new ExpertAllToAll(pass, experts, plan.keptCounts());
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray in = run("rows_of", x, rows.tokens()); // (R, D)
        NDArray y = experts.forward(in); // (R, D)
        NDArray pairs = run("pairs_of", y, x, rows.rows(), rows.dropped(), passes); // (N * K, D)
        y.close();
        in.close();
        return pairs;
    }

    @Override
    public NDArray backward(NDArray dpairs) {
        try (NDArray dy = run("kept_rows_of", dpairs, rows.pairs(), rows.fillers()); // (R, D)
                NDArray din = experts.backward(dy)) { // (R, D)
            return run("pairs_backward", din, dpairs, rows.rows(), rows.dropped(), passes, topK); // (N, D)
        }
    }

    private NDArray run(String method, Object... arguments) {
        return pass.run(SCRIPT, method, arguments);
    }
}
