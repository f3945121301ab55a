package dev.switchlab.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class OverridesTest {

    @Test
    void assignmentsAreSplitAtWhiteSpace() {
        assertThat(parsed("model.n_experts=8  train.steps=500\tseed=3", "", "corpus=a.txt"))
                .isEqualTo("model.n_experts:8|train.steps:500|seed:3|corpus:a.txt");
    }

    @Test
    void quotedValuesKeepTheirWhiteSpace() {
        assertThat(parsed("train.sample_prompt=\"To be\" seed=1")).isEqualTo("train.sample_prompt:To be|seed:1");
        assertThat(parsed("train.sample_prompt='say \"no\"'")).isEqualTo("train.sample_prompt:say \"no\"");
        assertThat(parsed("corpus=king's.txt seed=1")).isEqualTo("corpus:king's.txt|seed:1");
    }

    @Test
    void aValueMayHoldAnEqualsSign() {
        assertThat(parsed("corpus=a=b.txt")).isEqualTo("corpus:a=b.txt");
    }

    @Test
    void whatIsNoAssignmentIsRefused() {
        refused(
                "override model.heads: not an assignment; write key=value, as in: model.n_experts=8 train.steps=500",
                "model.heads");
        refused("override =4: not an assignment; write key=value, as in: model.n_experts=8 train.steps=500", "=4");
        refused(
                "override corpus=\"a b: the quote \" is not closed; write key=value, as in: model.n_experts=8 train.steps=500",
                "corpus=\"a b");
        refused("override seed=2: seed is set twice; keep one", "seed=1 seed=2");
    }

    @Test
    void whatIsWrongWithAnAssignedValueNamesTheAssignment() {
        refused(
                "override model.heads=four: model.heads is \"four\"; allowed: whole numbers; example: model.heads=4",
                "model.heads=four");
        refused(
                "override model.heads=: model.heads has no value; allowed: whole numbers; example: model.heads=4",
                "model.heads=");
        refused("override model.head=4: model.head is not a setting; did you mean model.heads?", "model.head=4");
        refused(
                "override id=x: id cannot be changed here; an experiment is called like its file, so copy the file",
                "id=x");
        refused(
                "override semantics=reference: semantics cannot be changed here; it chooses the defaults, which are resolved already",
                "semantics=reference");
    }

    private static void refused(String message, String... overrides) {
        assertThatThrownBy(() -> Experiment.of(Semantics.PAPER, overrides))
                .isInstanceOf(ExperimentException.class)
                .hasMessage(message);
    }

    private static String parsed(String... assignments) {
        return Overrides.parse(List.of(assignments)).entrySet().stream()
                .map(entry -> entry.getKey() + ":" + entry.getValue().text())
                .collect(Collectors.joining("|"));
    }
}
