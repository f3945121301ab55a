package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.TextRouter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {

    private static final String TEXT = "abcab cabca\nbcabcab";

    private static LanguageModel model() {
        String settings = "model.n_layers=2 model.n_experts=3 model.d_model=8 model.heads=2 model.d_ff=16"
                + " train.seq_len=4 train.batch_size=2 seed=3";
        return LanguageModel.create(Experiment.of(Semantics.PAPER, settings), CharTokenizer.of(TEXT), Device.cpu());
    }

    @Test
    void aReportIsOneFileWithEverything(@TempDir Path folder) throws Exception {
        Fakes fakes = new Fakes()
                .run(
                        "r1",
                        "x",
                        "seed=3",
                        "note=<b>",
                        "model.n_layers=2",
                        "model.n_experts=3",
                        "train.sample_prompt=a <",
                        "train.teacher_weight=0.25",
                        "init_from.run=0a1b2c3d")
                .metric("r1", "train/cross_entropy", 3, 2)
                .metric("r1", "layer0/router_entropy", 1, 1)
                .metric("r1", "layer0/load/expert0", 1, 1);
        try (LanguageModel model = model()) {
            Path file = folder.resolve("reports/r1.html");
            new RunReport(
                            fakes.find("r1"),
                            fakes,
                            new TextRouter(model).trace(TEXT),
                            ExpertSimilarity.of(model.stateDict().weights()),
                            Optional.of("a <sample>"))
                    .write(file);
            String html = Files.readString(file);
            assertThat(html)
                    .contains("<b>a &lt;</b>sample&gt;", "<td>2 layers, 3 experts</td>", ">training loss</th><td>")
                    .contains(" nats per character, of the last step</td>", "(prefers-color-scheme: dark)")
                    .contains(">began with</th><td>0a1b2c3d</td>")
                    .contains("&lt;b&gt;", "<summary>Layer 1</summary>", "<svg ")
                    .doesNotContain(">teacher</th>", "@BODY@", "@STYLE@", "<script src", "<link");
            assertThat(List.of(html.split("<figure ", -1))).hasSizeGreaterThan(8);
            try (var files = Files.list(file.getParent())) {
                assertThat(files).hasSize(1);
            }
        }
    }
}
