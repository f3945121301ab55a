package dev.switchlab.experiment;

import dev.switchlab.experiment.ModelConfig.Positions;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** That attention heads divide the width of the model. */
final class HeadsCheck {

    private HeadsCheck() {}

    /** Throws with the numbers of heads that fit, of which the example is the nearest. */
    static void that(int dModel, int heads, Positions positions) {
        boolean rotary = positions == Positions.ROTARY;
        List<Integer> fitting = IntStream.rangeClosed(1, dModel)
                .filter(h -> dModel % h == 0 && (!rotary || dModel / h % 2 == 0))
                .boxed()
                .toList();
        if (fitting.isEmpty()) {
            Check.that(false, "model.d_model", dModel, "even numbers with model.positions=rotary", dModel + 1);
        }
        String allowed = rotary
                ? "divisors of model.d_model=%d with an even quotient (rotary positions): %s"
                : "divisors of model.d_model=%d: %s";
        int example = fitting.stream()
                .min(Comparator.comparingInt(h -> Math.abs(h - heads)))
                .orElseThrow();
        Check.that(
                fitting.contains(heads),
                "model.heads",
                heads,
                allowed.formatted(dModel, fitting.stream().map(String::valueOf).collect(Collectors.joining(", "))),
                example);
    }
}
