package dev.switchlab.nn;

import java.util.Arrays;

/**
 * Which experts each token would like, best first. Decided on the host: ties and order never depend on the device.
 *
 * <p>The K experts with the largest selectionScores are chosen; of equals, the first. Among themselves they stand by
 * falling score, so that the first choice is the one with the largest gate. Wishes are scores unless a selection bias
 * or sampling moves the choice (arXiv 2408.15664: the bias chooses, the score weighs).
 */
final class TopK {

    private final float[] selectionScores;
    private final int nExperts;
    private final int topK;
    private final int[] routes;

    /**
     * @param scores by [token * E + expert]
     * @param selectionScores what is chosen by, likewise
     * @param nExperts E
     * @param topK K, at most E
     */
    TopK(float[] scores, float[] selectionScores, int nExperts, int topK) {
        this.selectionScores = selectionScores;
        this.nExperts = nExperts;
        this.topK = topK;
        int tokens = selectionScores.length / nExperts;
        routes = new int[tokens * topK];
        boolean[] taken = new boolean[nExperts];
        for (int token = 0; token < tokens; token++) {
            best(token, taken, routes, token * topK, topK);
            sortByScore(scores, token);
        }
    }

    /**
     * Writes the {@code count} experts with the largest selectionScores of a token to {@code into}; {@code taken} is
     * all false before and after.
     */
    private void best(int token, boolean[] taken, int[] into, int at, int count) {
        int row = token * nExperts;
        for (int k = 0; k < count; k++) {
            int best = -1;
            for (int expert = 0; expert < nExperts; expert++) {
                if (!taken[expert] && (best < 0 || selectionScores[row + expert] > selectionScores[row + best])) {
                    best = expert;
                }
            }
            taken[best] = true;
            into[at + k] = best;
        }
        for (int k = 0; k < count; k++) {
            taken[into[at + k]] = false;
        }
    }

    /** Insertion sort: few, nearly sorted, and equals keep their order. */
    private void sortByScore(float[] scores, int token) {
        int row = token * nExperts;
        int from = token * topK;
        for (int i = from + 1; i < from + topK; i++) {
            int expert = routes[i];
            int j = i;
            for (; j > from && scores[row + expert] > scores[row + routes[j - 1]]; j--) {
                routes[j] = routes[j - 1];
            }
            routes[j] = expert;
        }
    }

    int tokens() {
        return routes.length / topK;
    }

    int experts() {
        return nExperts;
    }

    /** K. */
    int topK() {
        return topK;
    }

    /** The expert of each pair, [token * K + choice]. Not to be changed. */
    int[] routes() {
        return routes;
    }

    /** The experts that {@code token} did not choose, best first. */
    int[] others(int token) {
        int[] all = new int[nExperts];
        best(token, new boolean[nExperts], all, 0, nExperts);
        return Arrays.copyOfRange(all, topK, nExperts);
    }
}
