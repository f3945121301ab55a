package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** No-Token-Left-Behind by hand, and the look ahead that {@link RoutingPlan} warns of. */
class NextChoiceTest {

    private static RoutingPlan plan(float[] scores, int experts, int topK, int capacity, boolean next) {
        return RoutingPlan.of(
                new Choices(scores, scores, experts, topK),
                new RoutingPlan.Overflow(capacity, true, next, DropPolicy.byPosition(), 0));
    }

    /** Four tokens want expert 0; their next best are 1, 1, 2, 1. */
    private static final float[] CROWDED = {
        .6f, .3f, .1f,
        .6f, .3f, .1f,
        .6f, .1f, .3f,
        .6f, .3f, .1f,
    };

    @Test
    void overflowGoesToTheNextBestWithRoom() {
        RoutingPlan plan = plan(CROWDED, 3, 1, 1, true);
        // Token 0 stays; 1 finds room at 1, 2 at 2; 3 finds 1 taken, and 2 as well.
        assertThat(new int[] {plan.taker(0), plan.taker(1), plan.taker(2)}).containsExactly(0, 1, 2);
        assertThat(plan.dropped()).containsExactly(3);
        assertThat(plan.route(1)).isZero();
        assertThat(new int[] {plan.count(0), plan.count(1), plan.count(2)}).containsExactly(4, 0, 0);
        assertThat(plan.keptMask()).containsExactly(1, 1, 1, 0);
    }

    @Test
    void withoutItTheyAreDropped() {
        assertThat(plan(CROWDED, 3, 1, 1, false).dropped()).containsExactly(1, 2, 3);
    }

    /** Two pairs of one token over capacity find two experts. */
    @Test
    void anExpertTakesATokenOnce() {
        float[] scores = {
            .4f, .3f, .2f, .1f,
            .4f, .3f, .2f, .1f,
        };
        RoutingPlan plan = plan(scores, 4, 2, 1, true);
        assertThat(plan.droppedCount()).isZero();
        assertThat(new int[] {plan.taker(2), plan.taker(3)}).containsExactly(2, 3);
    }

    /** A later token's first choice takes the slot of an earlier token's second choice. */
    @Test
    void withSeveralChoicesALaterTokenMayMatter() {
        float[] alone = {.6f, .4f, 0, .6f, 0, .4f};
        float[] followed = {.6f, .4f, 0, 0, .6f, .4f};
        assertThat(plan(alone, 3, 2, 1, false).keptMask()[1]).isEqualTo(1);
        assertThat(plan(followed, 3, 2, 1, false).keptMask()[1]).isZero();
    }

    /** First choices of all tokens come before second ones, whatever the order of tokens. */
    @Test
    void firstChoicesComeFirst() {
        float[] scores = {
            .6f, .4f, 0,
            .4f, .6f, 0,
        };
        RoutingPlan plan = plan(scores, 3, 2, 1, false);
        assertThat(plan.kept(0)).containsExactly(0);
        assertThat(plan.kept(1)).containsExactly(2);
        assertThat(Arrays.stream(plan.dropped()).sorted().toArray()).containsExactly(1, 3);
    }

    /** What chooses is the wish; what ranks the chosen is the score. */
    @Test
    void aBiasMovesTheChoiceNotTheOrder() {
        float[] scores = {.5f, .3f, .2f};
        float[] wishes = {.5f, .3f, .9f};
        Choices choices = new Choices(scores, wishes, 3, 2);
        assertThat(choices.routes()).containsExactly(0, 2);
        assertThat(choices.others(0)).containsExactly(1);
    }
}
