package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;

/**
 * Tokens to the rows of their experts, and the experts' outputs back, weighed by their gates; and the gradients of both
 * by hand: a gather's gradient is a gather the other way. The plain form is {@code LoopDispatch} and
 * {@code SwitchFeedForward.combine} under autograd.
 *
 * <p>For pair p of token t, its gate g_p and its row r: {@code o_p = out_r}, {@code y_t = sum_p g_p o_p}. So
 * {@code dg_p = dy_t . o_p}, {@code dout_r = g_p dy_t}, and {@code dx_t} is the sum of the rows' {@code dx_r}. A
 * dropped pair has no row: o_p is zero, or x_t.
 */
public final class DispatchKernel {

    private static final Script SCRIPT = Script.of("dispatch", """
            def gather(self, x: Tensor, tokens: Tensor) -> Tensor:
              return torch.index_select(x, 0, tokens)
            def per_token(self, pairs: Tensor, k: int) -> Tensor:
              if k > 1:
                pairs = torch.sum(torch.reshape(pairs, [-1, k, pairs.size(1)]), [1])
              return pairs
            def combine(self, out: Tensor, x: Tensor, gates: Tensor, rows: Tensor, dropped: List[Tensor], passes: bool) -> List[Tensor]:
              o = torch.index_select(out, 0, rows)
              if len(dropped) > 0:
                if passes:
                  torch.index_copy_(o, 0, dropped[0], torch.index_select(x, 0, dropped[1]))
                else:
                  torch.index_fill_(o, 0, dropped[0], 0)
              y = torch.mul(o, torch.reshape(gates, [-1, 1]))
              return [self.per_token(y, gates.size(1)), o]
            def combine_backward(self, dy: Tensor, o: Tensor, gates: Tensor, pairs: Tensor, fillers: List[Tensor]) -> List[Tensor]:
              k = gates.size(1)
              if k > 1:
                dy = torch.reshape(torch.expand(torch.unsqueeze(dy, 1), [-1, k, -1]), [-1, dy.size(1)])
              dgates = torch.reshape(torch.sum(torch.mul(o, dy), [1]), gates.size())
              do = torch.mul(dy, torch.reshape(gates, [-1, 1]))
              dout = torch.index_select(do, 0, pairs)
              if len(fillers) > 0:
                torch.index_fill_(dout, 0, fillers[0], 0)
              return [dgates, do, dout]
            def gather_backward(self, drows: Tensor, do: Tensor, k: int, rows: Tensor, dropped: List[Tensor], passes: bool) -> Tensor:
              dpairs = torch.index_select(drows, 0, rows)
              if len(dropped) > 0:
                if passes:
                  torch.index_copy_(dpairs, 0, dropped[0], torch.index_select(do, 0, dropped[0]))
                else:
                  torch.index_fill_(dpairs, 0, dropped[0], 0)
              return self.per_token(dpairs, k)
            """);

    private DispatchKernel() {}

    /**
     * Who stands where, int64 each.
     *
     * @param tokens token of each row, (R)
     * @param pairs pair of each row, (R)
     * @param rows row of each pair, (N * K); any for dropped ones
     * @param fillers rows that belong to no pair; empty if there are none
     * @param dropped the dropped pairs and their tokens; empty if there are none
     * @param passes whether a dropped token passes through as an expert would
     */
    public record Places(
            NDArray tokens,
            NDArray pairs,
            NDArray rows,
            List<NDArray> fillers,
            List<NDArray> dropped,
            boolean passes) {}

    /** Rows of x (N, D) by their numbers, int64 (R): (R, D). */
    public static NDArray rows(NDManager manager, NDArray x, NDArray numbers) {
        return SCRIPT.tensor(manager, "gather", x, numbers);
    }

    /** x (N, D) to the experts' rows (R, D). */
    public static NDArray gather(NDManager manager, NDArray x, Places places) {
        return SCRIPT.tensor(manager, "gather", x, places.tokens);
    }

    /** The experts' outputs (R, D), x (N, D) and gates (N, K) to y (N, D), and the outputs per pair, (N * K, D). */
    public static NDArray[] combine(NDManager manager, NDArray out, NDArray x, NDArray gates, Places places) {
        return SCRIPT.tensors(manager, "combine", out, x, gates, places.rows, places.dropped, places.passes);
    }

    /** Of {@link #combine}: gradients of the gates (N, K), of the outputs per pair (N * K, D) and per row (R, D). */
    public static NDArray[] combineBackward(
            NDManager manager, NDArray dy, NDArray outputs, NDArray gates, Places places) {
        return SCRIPT.tensors(manager, "combine_backward", dy, outputs, gates, places.pairs, places.fillers);
    }

    /**
     * The gradient of x (N, D) by those of the rows (R, D), and of the dropped pairs' outputs where they pass through.
     */
    public static NDArray gatherBackward(NDManager manager, NDArray rows, NDArray outputs, long topK, Places places) {
        return SCRIPT.tensor(
                manager, "gather_backward", rows, outputs, topK, places.rows, places.dropped, places.passes);
    }
}
