package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.page.TextTable;
import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.TestRuns;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import dev.switchlab.train.RoutingSnapshot;
import dev.switchlab.train.RunStatus;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tech.tablesaw.api.Table;

class RouterSaturationTest {

    private static final List<String> TEXT = List.of("ab", "cd");

    private static RoutingSnapshot routing(int step, int experts, int[]... layers) {
        return Fakes.routing(step, experts, 1, TEXT, layers);
    }

    private static Fakes run(RoutingSnapshot... snapshots) {
        Fakes source = new Fakes().run("r", "smoke", "train.steps=20", "model.feed_forward=switch");
        source.text("r", "samples/step-000020.txt", "It is");
        for (RoutingSnapshot snapshot : snapshots) {
            source.routing("r", snapshot);
        }
        return source;
    }

    private static RouterSaturation saturation(Fakes source) {
        return RouterSaturation.of(source, source.find("r"));
    }

    /** Three times four tokens in two layers, in no order. */
    @Test
    void byHand() {
        RouterSaturation saturation = saturation(run(
                routing(20, 3, new int[] {0, 1, 2, 2}, new int[] {1, 1, 1, 1}),
                routing(0, 3, new int[] {1, 0, 0, 2}, new int[] {0, 1, 2, 1}),
                routing(10, 3, new int[] {0, 0, 0, 2}, new int[] {1, 1, 2, 1})));
        // Loads of layer 0 at the end: 1/4, 1/4, 1/2. At step 0: 1/2, 1/4, 1/4. At step 10: 3/4, 0, 1/4.
        assertThat(TextTable.of(saturation.table()).text()).isEqualTo("""
                layer  step  saturation  unchanged  chance
                    0     0      0.2500             0.3125
                    0    10      0.5000     0.7500  0.3125
                    0    20           1     0.5000  0.3750
                    1     0      0.5000             0.5000
                    1    10      0.7500     0.7500  0.7500
                    1    20           1     0.7500       1""");
        assertThat(saturation.note())
                .isEqualTo("4 characters of the validation split, compared with their routing at step 20, the last");
    }

    @Test
    void oneExpertIsSaturatedFromTheStart() {
        Table table = saturation(run(routing(0, 1, new int[4]), routing(20, 1, new int[4])))
                .table();
        assertThat(table.doubleColumn("saturation").asDoubleArray()).containsExactly(1, 1);
        assertThat(table.doubleColumn("chance").asDoubleArray()).containsExactly(1, 1);
    }

    @Test
    void aRunThatWasCutOffIsComparedWithItsNewest() {
        RouterSaturation saturation =
                saturation(run(routing(0, 2, new int[] {0, 0, 1, 1}), routing(10, 2, new int[] {0, 1, 1, 1})));
        assertThat(saturation.table().doubleColumn("saturation").asDoubleArray())
                .containsExactly(0.75, 1);
        assertThat(saturation.note())
                .isEqualTo("4 characters of the validation split, compared with their routing at step 10, the newest"
                        + " there is: the run (FINISHED) has not come to its last step, 20");
    }

    @Test
    void aRunWithoutAnySaysWhy() {
        assertThat(saturation(run()).table().isEmpty()).isTrue();
        assertThat(saturation(run()).note())
                .isEqualTo("run r kept no routing while it was trained (it is older than that, or the parent of"
                        + " runs); a new run keeps it");
        Fakes dense = new Fakes().run("r", "dense", "model.feed_forward=dense");
        assertThat(saturation(dense).table().isEmpty()).isTrue();
        assertThat(saturation(dense).note()).isEqualTo("run r is dense: it has no router");
    }

    @Test
    void aDamagedArtifactIsNamed() {
        Fakes source = run(routing(0, 2, new int[4])).text("r", "routing/step-000020.json", "{\"format\": 1}");
        assertThatThrownBy(() -> saturation(source))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("run r, artifact routing/step-000020.json: not the routing of a run: its format is '1',"
                        + " allowed: 'switchlab-routing-2'");
    }

    @Test
    void anotherTextIsRefused() {
        RoutingSnapshot other = Fakes.routing(10, 2, 1, List.of("ab", "ce"), new int[4]);
        assertThatThrownBy(() -> saturation(run(other, routing(20, 2, new int[4]))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "run r: the routing at step 10 is of another text or model than that at step 20; one run has"
                                + " the same for all steps");
    }

    @Test
    void readsTheStore(@TempDir Path runs) {
        try (MirroredBook store = MirroredBook.open(runs, MlflowEnvironment.NONE)) {
            String id;
            try (BookLog log = TestRuns.start(store.book(), TestRuns.withParams(Map.of("train.steps", "20")))) {
                id = log.runId();
                log.text(
                        RoutingSnapshot.path(0),
                        routing(0, 2, new int[] {0, 0, 1, 1}).toJson());
                log.text(
                        RoutingSnapshot.path(20),
                        routing(20, 2, new int[] {0, 1, 1, 1}).toJson());
                log.finish(RunStatus.FINISHED);
            }
            RunSource source = RunSource.of(store);
            Table table = RouterSaturation.of(source, source.find(id)).table();
            assertThat(table.doubleColumn("saturation").asDoubleArray()).containsExactly(0.75, 1);
        }
    }
}
