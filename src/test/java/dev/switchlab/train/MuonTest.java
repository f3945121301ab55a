package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.nn.StateDict;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

/** Muon against its formulas in plain doubles, and which weights it updates. */
class MuonTest {

    private static final double MU = 0.9;
    private static final double RATE = 0.03;
    private static final double ADAM_RATE = 0.01;
    private static final double DECAY = 0.2;
    private static final double DIVISOR = 1.7;

    /** Tall, wide, square, a stack of tall ones for the experts of a layer; and a bias, which is AdamW's. */
    private static final List<Shape> SHAPES = List.of(
            new Shape(6, 4),
            new Shape(7),
            new Shape(3, 8),
            new Shape(5, 5),
            new Shape(3, 4, 2),
            new Shape(2, 3, 9),
            new Shape(8, 2));

    private static final int BIAS = 1;

    @Test
    void followsItsFormulas() {
        SplittableRandom random = new SplittableRandom(11);
        Muon.Config config = new Muon.Config(RATE, MU, Adam.Config.of(train("train.weight_decay=" + DECAY)));
        try (NDManager manager = NDManager.newBaseManager()) {
            List<double[]> expected = new ArrayList<>();
            List<NDArray> weights = new ArrayList<>();
            for (Shape shape : SHAPES) {
                double[] values = draw(random, shape, 1);
                expected.add(values);
                weights.add(array(manager, values, shape));
            }
            List<double[]> momentum =
                    SHAPES.stream().map(shape -> new double[(int) shape.size()]).toList();
            Muon muon = new Muon(config, weights, i -> i != BIAS, manager);
            try (NDManager owner = NDManager.newBaseManager()) {
                List<NDArray> bias = List.of(array(owner, expected.get(BIAS), SHAPES.get(BIAS)));
                Adam adam = new Adam(config.adam(), bias, owner);
                for (int step = 1; step <= 6; step++) {
                    double scheduled = 1.0 / step;
                    List<NDArray> gradients = new ArrayList<>();
                    for (int i = 0; i < SHAPES.size(); i++) {
                        // Of all sizes: only their direction counts. One expert's is zero, and so is a whole step's.
                        double[] gradient = draw(random, SHAPES.get(i), step == 4 ? 0 : Math.pow(10, i - step));
                        if (i == 4) {
                            Arrays.fill(gradient, 0, 8, 0);
                        }
                        gradients.add(array(manager, gradient, SHAPES.get(i)));
                        if (i != BIAS) {
                            update(expected.get(i), momentum.get(i), gradient, SHAPES.get(i), RATE * scheduled);
                        }
                    }
                    NDArray divisor = manager.create((float) DIVISOR);
                    adam.step(List.of(gradients.get(BIAS).duplicate()), divisor, ADAM_RATE * scheduled, ADAM_RATE);
                    muon.step(gradients, divisor, ADAM_RATE * scheduled, ADAM_RATE);
                    assertThat(weights.get(BIAS).toFloatArray())
                            .isEqualTo(bias.get(0).toFloatArray());
                    for (int i = 0; i < SHAPES.size(); i++) {
                        float[] own = weights.get(i).toFloatArray();
                        for (int j = 0; i != BIAS && j < own.length; j++) {
                            assertThat((double) own[j])
                                    .as("step %d, weight %d, element %d", step, i, j)
                                    .isCloseTo(expected.get(i)[j], within(2e-6));
                        }
                    }
                }
            }
            assertThat(muon.steps()).isEqualTo(6);
            assertThat(muon.moments().keySet()).containsExactly("momentum", "first", "second");
            assertThat(muon.moments().get("momentum").get(BIAS)).isNull();
            assertThat(muon.moments().get("first").get(0)).isNull();
        }
    }

    /**
     * Singular values from 1 to a ten-thousandth, of a matrix that is four times as wide as high: Newton-Schulz by Gram
     * matrices alone.
     */
    @Test
    void smallDirectionsOfAWideMatrixAreNearTheirFormulas() {
        Shape shape = new Shape(17, 68);
        double[] gradient = draw(new SplittableRandom(5), shape, 1);
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] = (float) (gradient[i] * Math.pow(10, -(i / 68) / 4.0));
        }
        double[] expected = new double[gradient.length];
        update(expected, new double[gradient.length], gradient, shape, 1);
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray weight = manager.zeros(shape);
            NDArray bias = manager.zeros(new Shape(1));
            Muon.Config config = new Muon.Config(1, MU, Adam.Config.of(train("train.weight_decay=" + DECAY)));
            new Muon(config, List.of(weight, bias), i -> i == 0, manager)
                    .step(
                            List.of(array(manager, gradient, shape), manager.ones(new Shape(1))),
                            manager.create((float) DIVISOR),
                            1,
                            1);
            float[] own = weight.toFloatArray();
            for (int i = 0; i < own.length; i++) {
                assertThat((double) own[i]).isCloseTo(expected[i], within(0.01 * 0.2));
            }
        }
    }

    /** One update of each matrix of a stack, element by element. */
    private static void update(double[] weights, double[] momentum, double[] gradient, Shape shape, double rate) {
        int rows = (int) shape.get(shape.dimension() - 2);
        int columns = (int) shape.get(shape.dimension() - 1);
        for (int start = 0; start < weights.length; start += rows * columns) {
            double[][] u = new double[rows][columns];
            double norm = 0;
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    int at = start + r * columns + c;
                    double g = gradient[at] / DIVISOR;
                    momentum[at] = MU * momentum[at] + (1 - MU) * g;
                    u[r][c] = MU * momentum[at] + (1 - MU) * g;
                    norm += u[r][c] * u[r][c];
                }
            }
            for (double[] row : u) {
                for (int c = 0; c < columns; c++) {
                    row[c] /= Math.sqrt(norm) + 1e-7;
                }
            }
            double[][] x = rows > columns ? transposed(u) : u;
            for (int i = 0; i < 5; i++) {
                double[][] s = product(x, transposed(x));
                x = sum(3.4445, x, 1, product(sum(-4.775, s, 2.0315, product(s, s)), x));
            }
            x = rows > columns ? transposed(x) : x;
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    int at = start + r * columns + c;
                    weights[at] = weights[at] * (1 - rate * DECAY)
                            - rate * 0.2 * Math.sqrt(Math.max(rows, columns)) * x[r][c];
                }
            }
        }
    }

    private static double[][] transposed(double[][] a) {
        double[][] t = new double[a[0].length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[0].length; j++) {
                t[j][i] = a[i][j];
            }
        }
        return t;
    }

    private static double[][] product(double[][] a, double[][] b) {
        double[][] p = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < b[0].length; j++) {
                for (int k = 0; k < b.length; k++) {
                    p[i][j] += a[i][k] * b[k][j];
                }
            }
        }
        return p;
    }

    private static double[][] sum(double ofA, double[][] a, double ofB, double[][] b) {
        double[][] s = new double[a.length][a[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[0].length; j++) {
                s[i][j] = ofA * a[i][j] + ofB * b[i][j];
            }
        }
        return s;
    }

    /**
     * The first update of weights at zero moves an element by the rate times what AdamW's do: 0.2 to 0.4 (Moonlight,
     * section 2.2).
     */
    @Test
    void anUpdateIsAsLargeAsAdamWs() {
        Muon.Config config = new Muon.Config(1, 0.95, Adam.Config.of(train("train.weight_decay=0")));
        try (NDManager manager = NDManager.newBaseManager()) {
            for (Shape shape : List.of(new Shape(96, 96), new Shape(32, 128), new Shape(128, 32))) {
                NDArray weight = manager.zeros(shape);
                NDArray gradient = array(manager, draw(new SplittableRandom(1), shape, 1e-3), shape);
                NDArray bias = manager.zeros(new Shape(1));
                new Muon(config, List.of(weight, bias), i -> i == 0, manager)
                        .step(List.of(gradient, manager.ones(new Shape(1))), manager.create(1f), 1, 1);
                double square = 0;
                for (float value : weight.toFloatArray()) {
                    square += (double) value * value;
                }
                double rms = Math.sqrt(square / shape.size());
                assertThat(rms).as(shape.toString()).isBetween(0.13, 0.25);
            }
        }
    }

    @Test
    void matricesInsideTheLayersAreMuons() {
        Experiment experiment = Experiment.of(
                Semantics.PAPER,
                "model.d_model=8 model.d_ff=4 model.heads=2 model.n_layers=2 model.moe_every=2 model.n_experts=2"
                        + " model.shared_experts=1 model.gated=true model.router_bias=true model.positions=learned"
                        + " train.optimizer=muon train.selection_bias_rate=0.001");
        try (LanguageModel model = LanguageModel.create(experiment, CharTokenizer.of("muon"), Device.cpu())) {
            StateDict trained = model.stateDict().trainable();
            IntPredicate isMatrix = Muon.hiddenMatrices(trained);
            List<String> names = trained.entries().stream()
                    .filter(entry -> isMatrix.test(trained.parameters().indexOf(entry.parameter())))
                    .map(StateDict.Entry::name)
                    .toList();
            List<String> expected = new ArrayList<>();
            for (int layer = 0; layer < 2; layer++) {
                for (String part : List.of("query.linear", "key.linear", "value.linear", "output")) {
                    expected.add("transformer.layers." + layer + ".attn." + part + ".weight");
                }
                List<String> networks = layer == 0 ? List.of("") : List.of("experts.0.", "experts.1.", "shared.");
                for (String network : networks) {
                    for (String part : List.of("layer1", "layer2", "linear_v")) {
                        expected.add("transformer.layers." + layer + ".feed_forward." + network + part + ".weight");
                    }
                }
            }
            assertThat(names).containsExactlyInAnyOrderElementsOf(expected);
        }
    }

    private static TrainConfig train(String settings) {
        return Experiment.of(Semantics.PAPER, "train.optimizer=muon " + settings)
                .train();
    }

    private static double[] draw(SplittableRandom random, Shape shape, double scale) {
        double[] values = new double[(int) shape.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (scale * (2 * random.nextDouble() - 1));
        }
        return values;
    }

    private static NDArray array(NDManager manager, double[] values, Shape shape) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return manager.create(floats, shape);
    }
}
