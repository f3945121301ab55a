package dev.switchlab.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExperimentFilesTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void aBase() throws IOException {
        write(
                "base",
                "about: |\n  The base.\n  More.\nsemantics: paper\nseed: 5\nmodel:\n  heads: 2\n  n_experts: 8\n");
    }

    @Test
    void theIdIsTheFilesName() {
        Experiment experiment = load("base");
        assertThat(experiment.id()).isEqualTo("base");
        assertThat(experiment.about()).isEqualTo("The base.\nMore.");
        assertThat(ExperimentLoader.load(folder.resolve("base.yaml").toString(), List.of(), Path.of("elsewhere")))
                .isEqualTo(experiment);
    }

    @Test
    void aFileExtendsOthersAndOverridesComeLast() throws IOException {
        write("child", "extends: base\nmodel:\n  heads: 4\ntrain:\n  steps: 7\n");
        write("grandchild", "extends: child\nabout: Mine.\nmodel.n_experts: 2\n");
        Experiment experiment = load("grandchild", "train.steps=3");
        assertThat(experiment.id()).isEqualTo("grandchild");
        assertThat(experiment.about()).isEqualTo("Mine.");
        assertThat(experiment.seed()).isEqualTo(5);
        assertThat(experiment.model().heads()).isEqualTo(4);
        assertThat(experiment.model().nExperts()).isEqualTo(2);
        assertThat(experiment.train().steps()).isEqualTo(3);
        assertThat(load("child").about()).as("the reason of a file is its own").isEmpty();
    }

    @Test
    void semanticsMayBeOverriddenSinceItChoosesTheDefaults() {
        Experiment experiment = load("base", "semantics=reference");
        assertThat(experiment.semantics()).isEqualTo(Semantics.REFERENCE);
        assertThat(experiment.model().replicas()).isEqualTo(ModelConfig.Replicas.IDENTICAL);
        assertThat(experiment.model().nExperts()).as("what the file says stays").isEqualTo(8);
    }

    @Test
    void circlesAreRefused() throws IOException {
        write("a", "extends: b\n");
        write("b", "extends: c\n");
        write("c", "extends: a\n");
        refused("a", "DIR/a.yaml: experiments extend each other in a circle: a -> b -> c -> a");
        write("self", "extends: self\n");
        refused("self", "DIR/self.yaml: experiments extend each other in a circle: self -> self");
    }

    @Test
    void unknownExperimentsAreRefusedWithANearOne() throws IOException {
        refused(
                "bass",
                "there is no experiment \"bass\" in DIR; allowed: base, or the path of a .yaml file; did you mean base?");
        write("child", "seed: 1\nextends: bass\n");
        refused(
                "child",
                "DIR/child.yaml:2: extends: there is no experiment \"bass\" in DIR; allowed: base, child, or the path of a .yaml file; did you mean base?");
        write("child", "extends:\n");
        refused(
                "child",
                "DIR/child.yaml:1: extends has no value; allowed: base, child; example: extends: tiny-shakespeare");
        refused(
                folder.resolve("no.yaml").toString(),
                "there is no experiment file DIR/no.yaml; example: experiments/smoke.yaml");
        assertThatThrownBy(() -> ExperimentLoader.load("base", List.of(), Path.of("nowhere")))
                .hasMessage(
                        "there is no experiments folder nowhere; run in the project's folder, or give the path of a .yaml file");
    }

    @Test
    void aWrongValueIsNamedWithTheFileThatItCameFrom() throws IOException {
        write("child", "extends: base\nmodel:\n  d_model: 127\n");
        refused(
                "child",
                "DIR/child.yaml:3: model.d_model is 127; allowed: even numbers with model.positions=rotary; example: model.d_model=128");
        write("child", "extends: base\nmodel:\n  d_model: 126\n  heads: 3\ntrain:\n  step: 1\n");
        refused("child", "DIR/child.yaml:6: train.step is not a setting; did you mean train.steps?");
    }

    @Test
    void anIdThatIsNotTheFilesNameIsRefused() throws IOException {
        write("copy", "id: base\nsemantics: paper\n");
        refused("copy", "DIR/copy.yaml:1: id is \"base\"; allowed: the name of its file, copy; example: id: copy");
        assertThat(ExperimentLoader.load(folder.resolve("copy.yaml").toString(), List.of(), folder)
                        .id())
                .as("a resolved file that is given by its path keeps its id")
                .isEqualTo("base");
    }

    @Test
    void whatIsNotUtf8IsRefused() throws IOException {
        Files.write(folder.resolve("latin.yaml"), new byte[] {'a', ':', ' ', (byte) 0xe9});
        refused("latin", "DIR/latin.yaml: not UTF-8 text; save it as UTF-8");
    }

    @Test
    void theListHasIdsAndFirstLinesAndSaysWhatIsBroken() throws IOException {
        write("broken", "seed: [1]\n");
        write("child", "extends: base\n");
        Files.writeString(folder.resolve("notes.txt"), "no experiment");
        assertThat(ExperimentLoader.list(folder))
                .containsExactly(
                        new ExperimentLoader.Summary("base", "The base."),
                        new ExperimentLoader.Summary(
                                "broken",
                                "cannot be read: " + folder.resolve("broken.yaml")
                                        + ":1: seed is a list; allowed: one value; example: heads: 4"),
                        new ExperimentLoader.Summary("child", ""));
    }

    private Experiment load(String id, String... overrides) {
        return ExperimentLoader.load(id, List.of(overrides), folder);
    }

    private void refused(String id, String message) {
        assertThatThrownBy(() -> load(id))
                .isInstanceOf(ExperimentException.class)
                .hasMessage(message.replace("DIR", folder.toString()));
    }

    private void write(String id, String yaml) throws IOException {
        Files.writeString(folder.resolve(id + ".yaml"), yaml);
    }
}
