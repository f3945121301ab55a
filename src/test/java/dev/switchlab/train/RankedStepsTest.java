package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import dev.switchlab.data.Batch;
import dev.switchlab.data.TextData;
import dev.switchlab.data.TrainingBatches;
import dev.switchlab.distributed.MpiRun;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.testing.JavaProcess;
import dev.switchlab.testing.NeedsMpi;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Ranks that share each batch take the steps that one process takes, and equal numbers of ranks the same to the bit.
 */
@NeedsMpi
class RankedStepsTest {

    private static final String SETTINGS = "train.steps=12";
    private static final String SPREAD = "spread";
    private static final String HALVES = "halves";
    private static final double TOLERANCE = 1e-4;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "model.dropout=0.1 model.expert_dropout=0 model.router_jitter=0.05 model.drop_order=random model.capacity_factor=0.8",
                "model.n_experts=6 model.top_k=3 model.shared_experts=1 model.router_score=sigmoid model.normalize_gates=true"
                        + " model.dropped_tokens=next_choice model.capacity_factor=0.7 model.drop_order=random"
                        + " model.exploration=input_dropout train.load_balance_scope=sequence train.z_loss=0.001"
                        + " train.selection_bias_rate=0.01 model.dispatch=loop model.dropout=0.1 model.expert_dropout=0",
                "model.exploration=sample model.router_scope=chosen train.accumulate=2 train.optimizer=muon train.ema=0.9",
                "model.n_experts=1 model.moe_every=2 model.dropped_tokens=pass_through model.dispatch=loop",
                "model.router=hash model.capacity_factor=0.8 model.drop_order=random",
                "model.router=random train.accumulate=2",
            })
    void twoRanksGiveWhatOneProcessGives(String settings) throws Exception {
        assertLike(run(1, settings), run(2, settings));
    }

    /** Tokens go to the rank that has their expert, and back. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "model.router_jitter=0.05 model.drop_order=random model.capacity_factor=0.8 model.dropout=0.1 model.expert_dropout=0",
                "model.n_experts=6 model.top_k=3 model.shared_experts=1 model.router_score=sigmoid model.normalize_gates=true"
                        + " model.dropped_tokens=next_choice model.capacity_factor=0.7 model.drop_order=random"
                        + " train.load_balance_scope=sequence train.z_loss=0.001 train.selection_bias_rate=0.01",
                "model.n_experts=2 model.moe_every=2 model.gated=true model.dropped_tokens=pass_through model.capacity_factor=0.7"
                        + " train.accumulate=2 train.optimizer=muon train.ema=0.9",
                "model.router=frozen train.router_steps=5 model.capacity_factor=0.8 train.optimizer=muon train.ema=0.9",
                "model.n_experts=64 model.top_k=2 model.drop_tokens=false model.feed_forward_bias=false",
            })
    void twoRanksThatShareTheExpertsGiveWhatOneProcessGives(String settings) throws Exception {
        assertLike(run(1, settings), run(2, settings, SPREAD));
    }

    /** Capacity of a rank's part: as if the parts were micro-batches of one process. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.capacity_factor=0.8 model.exploration=argmax",
                "model.capacity_factor=0.7 model.exploration=argmax model.top_k=2 train.selection_bias_rate=0.01 train.z_loss=0.001",
            })
    void aCapacityOfEachRankIsThatOfMicroBatches(String settings) throws Exception {
        List<Map<String, Double>> one = losses(run(1, settings, HALVES));
        assertLike(one, losses(run(2, settings + " model.capacity_scope=rank", SPREAD)));
        List<Map<String, Double>> ofBatch = losses(run(2, settings, SPREAD));
        assertThat(IntStream.range(0, one.size())
                        .mapToDouble(step -> Math.abs(one.get(step).get("train/loss")
                                - ofBatch.get(step).get("train/loss")))
                        .max()
                        .orElseThrow())
                .isGreaterThan(TOLERANCE);
    }

    /** Statistics of routing are those of the last micro-batch, and so of another part. */
    private static List<Map<String, Double>> losses(List<Map<String, Double>> steps) {
        return steps.stream()
                .map(step -> {
                    Map<String, Double> own = new TreeMap<>(step);
                    own.keySet().removeIf(metric -> !metric.startsWith("train/"));
                    return own;
                })
                .toList();
    }

    private static void assertLike(List<Map<String, Double>> one, List<Map<String, Double>> two) {
        assertThat(one).hasSize(12);
        for (int step = 0; step < one.size(); step++) {
            assertThat(two.get(step).keySet()).isEqualTo(one.get(step).keySet());
            for (String metric : one.get(step).keySet()) {
                assertThat(two.get(step).get(metric))
                        .as("%s at step %d", metric, step + 1)
                        .isCloseTo(one.get(step).get(metric), within(TOLERANCE));
            }
        }
        assertThat(two).isNotEqualTo(one); // else only one has computed
    }

    @Test
    void equalNumbersOfRanksGiveEqualBits() throws Exception {
        String settings = "model.dropout=0.1 model.router_jitter=0.05";
        List<Map<String, Double>> first = run(3, settings + " train.batch_size=6");
        assertThat(run(3, settings + " train.batch_size=6")).isEqualTo(first);
        assertThat(run(3, settings + " train.batch_size=6 seed=2")).isNotEqualTo(first);
    }

    private static List<Map<String, Double>> run(int ranks, String settings, String... more)
            throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(SETTINGS + " " + settings));
        arguments.addAll(List.of(more));
        List<String> program = JavaProcess.of(RankedStepsTest.class, arguments.toArray(String[]::new))
                .command();
        ProcessBuilder builder =
                ranks == 1 ? new ProcessBuilder(program) : new ProcessBuilder(MpiRun.commandHere(ranks, program));
        List<Map<String, Double>> steps = new ArrayList<>();
        for (String line : JavaProcess.lines(builder)) {
            Map<String, Double> metrics = new TreeMap<>();
            for (String entry : line.split(" ", -1)) {
                int at = entry.indexOf('=');
                metrics.put(entry.substring(0, at), Double.valueOf(entry.substring(at + 1)));
            }
            steps.add(metrics);
        }
        return steps;
    }

    /** Prints all that each step gave, a line per step, on rank 0. The third step's batch has one sequence less. */
    public static void main(String[] args) {
        ProcessGroup world = ProcessGroup.start();
        Experiment experiment = Runs.smoke(args[0]);
        TextData data = Runs.data(experiment);
        TrainingBatches batches = data.training(experiment);
        boolean sharded = List.of(args).contains(SPREAD);
        try (LanguageModel model = LanguageModel.create(
                experiment, data.tokenizer(), Device.cpu(), KernelChoice.fixed(experiment), world, sharded)) {
            TrainStep trainStep = new TrainStep(model);
            int count = experiment.train().accumulate();
            for (int step = 1; step <= experiment.train().steps(); step++) {
                List<Batch> micro = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    Batch batch = batches.batch((step - 1L) * count + i);
                    if (List.of(args).contains(HALVES) && step != 3) {
                        int half = batch.batchSize() / 2;
                        micro.add(batch.sequences(0, half));
                        micro.add(batch.sequences(half, half));
                    } else {
                        micro.add(step == 3 ? batch.sequences(1, batch.batchSize() - 1) : batch);
                    }
                }
                print(world, trainStep.run(step, micro, true));
            }
            Evaluation evaluation = new Evaluator(model, data).evaluate(data.validationSample(experiment), 12);
            world.requireSame(Map.of("weights", model.sharedDigest(), "score", evaluation.toString()));
        }
        world.finish();
    }

    private static void print(ProcessGroup world, StepMetrics result) {
        if (world.isFirst()) {
            StringBuilder line = new StringBuilder();
            result.metrics()
                    .forEach((key, value) ->
                            line.append(' ').append(key).append('=').append(value));
            System.out.println(line.substring(1));
        }
    }
}
