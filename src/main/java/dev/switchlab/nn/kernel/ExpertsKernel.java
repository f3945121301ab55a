package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;

/**
 * Feed-forward networks, each over rows of its own, and their gradient by hand. The plain form is {@code Experts} and
 * {@code FeedForward} under autograd.
 *
 * <p>The rows stand sorted by network: network e has rows {@code offsets[e]} to {@code offsets[e + 1]}, so that its
 * input and output are slices and nothing is padded. Rows go through both layers in blocks that stay in a core's cache.
 *
 * <p>Forward, per network:
 *
 * <pre>
 *   a = x W_1^T + b_1,  h = f(a)      gated: h = f(a) (x W_v^T + b_v)
 *   y = h W_2^T + b_2
 * </pre>
 *
 * <p>Backward:
 *
 * <pre>
 *   dh = dy W_2              dW_2 = dy^T h,  db_2 = sum dy
 *   da = dh f'(a)            gated: f'(a) (dh v), dv = dh f(a)
 *   dx = da W_1 (+ dv W_v)   dW_1 = da^T x,  db_1 = sum da
 * </pre>
 */
public final class ExpertsKernel {

    private static final Script SCRIPT = Script.of("experts", ProductScript.METHODS + """
            def activate(self, a: Tensor, activation: str, h: Tensor) -> int:
              if activation == "relu":
                torch.clamp_min(a, 0, out=h)
              elif activation == "relu2":
                torch.clamp_min_(a, 0)
                torch.mul(a, a, out=h)
              elif activation == "gelu":
                torch.gelu(a, out=h)
              elif activation == "sigmoid":
                torch.sigmoid(a, out=h)
              else:
                torch.silu(a, out=h)
              return 0
            def activate_backward(self, dh: Tensor, a: Tensor, h: Tensor, activation: str) -> Tensor:
              if activation == "relu":
                da = torch.threshold_backward(dh, h, 0, grad_input=dh)
              elif activation == "relu2":
                da = torch.addcmul(torch.zeros([1], dtype=6, device=dh.device), dh, a, value=2, out=dh)
              elif activation == "gelu":
                da = torch.gelu_backward(dh, a)
              elif activation == "sigmoid":
                da = torch.sigmoid_backward(dh, h)
              else:
                da = torch.silu_backward(dh, a)
              return da
            def blocks(self, offsets: List[int]) -> List[Tuple[int, int, int]]:
              all = annotate(List[Tuple[int, int, int]], [])
              for e in range(len(offsets) - 1):
                start = offsets[e]
                while start < offsets[e + 1]:
                  rows = offsets[e + 1] - start
                  if rows >= 768:
                    rows = 512
                  all.append((e, start, rows))
                  start = start + rows
              return all
            def stacked(self, w: List[Tensor], e: int, kernel: int) -> List[Tensor]:
              all = annotate(List[Tensor], [])
              for one in w:
                all.append(self.operand(torch.reshape(one, [e, -1, one.size(-1)]), kernel))
              return all
            def layer(self, x: Tensor, w: Tensor, b: List[Tensor], e: int, kernel: int, into: Tensor) -> int:
              self.product_into(x, torch.select(w, 0, e), kernel, into)
              if len(b) > 0:
                torch.add_(into, torch.select(torch.reshape(b[0], [w.size(0), -1]), 0, e))
              return 0
            def layer_backward(self, dy: Tensor, x: Tensor, w: Tensor, dw: Tensor, db: Tensor, e: int, first: bool, kernels: List[int]) -> Tensor:
              own = torch.select(db, 0, e)
              if first:
                torch.sum(dy, [0], out=own)
              else:
                torch.add_(own, torch.sum(dy, [0]))
              dy = self.operand(dy, kernels[0])
              self.add_weight_gradient(dy, x, kernels[2], first, torch.select(dw, 0, e))
              return self.data_gradient(dy, torch.select(w, 0, e), kernels[1])
            def forward(self, x: Tensor, matrices: List[Tensor], b1: List[Tensor], b2: List[Tensor], bv: List[Tensor], offsets: List[int],
                activation: str, kernels: List[int]) -> List[Tensor]:
              w = self.stacked(matrices, len(offsets) - 1, kernels[0])
              rows, f = x.size(0), w[0].size(1)
              gated = len(w) > 2
              y = torch.empty_like(x)
              x = self.operand(x, kernels[0])
              h = torch.empty([rows, f], dtype=6, device=x.device)
              a = h
              v = h
              hv = h
              if activation != "relu" and activation != "sigmoid":
                a = torch.empty_like(h)
              if gated:
                v = torch.empty_like(h)
                hv = torch.empty_like(h)
              into2 = hv
              if kernels[0] == 3:
                into2 = torch.empty_like(hv, dtype=15)
              for e, start, count in self.blocks(offsets):
                own = torch.narrow(x, 0, start, count)
                ab, hb = torch.narrow(a, 0, start, count), torch.narrow(h, 0, start, count)
                self.layer(own, w[0], b1, e, kernels[0], ab)
                self.activate(ab, activation, hb)
                hvb = torch.narrow(hv, 0, start, count)
                if gated:
                  vb = torch.narrow(v, 0, start, count)
                  self.layer(own, w[2], bv, e, kernels[0], vb)
                  torch.mul(hb, vb, out=hvb)
                if kernels[0] == 3:
                  hvb = torch.copy_(torch.narrow(into2, 0, start, count), hvb)
                self.layer(hvb, w[1], b2, e, kernels[0], torch.narrow(y, 0, start, count))
              return [y, x, a, h, v, into2]
            def backward(self, dy: Tensor, saved: List[Tensor], matrices: List[Tensor], offsets: List[int], activation: str,
                kernels: List[int]) -> List[Tensor]:
              e = len(offsets) - 1
              w = self.stacked(matrices, e, kernels[0])
              x = saved[0]
              gated = len(w) > 2
              dx = torch.empty_like(dy)
              dw = annotate(List[Tensor], [])
              db = annotate(List[Tensor], [])
              for one in w:
                dw.append(torch.empty_like(one, dtype=6))
                db.append(torch.empty([e, one.size(1)], dtype=6, device=x.device))
              for i in range(e):
                if offsets[i] == offsets[i + 1]:
                  for j in range(len(w)):
                    torch.zero_(torch.select(dw[j], 0, i))
                    torch.zero_(torch.select(db[j], 0, i))
              for i, start, count in self.blocks(offsets):
                first = start == offsets[i]
                own = torch.narrow(x, 0, start, count)
                ab, hb = torch.narrow(saved[1], 0, start, count), torch.narrow(saved[2], 0, start, count)
                into = torch.narrow(dx, 0, start, count)
                dh = self.layer_backward(torch.narrow(dy, 0, start, count), torch.narrow(saved[4], 0, start, count), w[1], dw[1], db[1],
                    i, first, kernels)
                if gated:
                  dv = torch.mul(dh, hb)
                  dh = torch.mul(dh, torch.narrow(saved[3], 0, start, count))
                  da = self.activate_backward(dh, ab, hb, activation)
                  torch.add(self.layer_backward(da, own, w[0], dw[0], db[0], i, first, kernels),
                      self.layer_backward(dv, own, w[2], dw[2], db[2], i, first, kernels), out=into)
                else:
                  da = self.activate_backward(dh, ab, hb, activation)
                  torch.copy_(into, self.layer_backward(da, own, w[0], dw[0], db[0], i, first, kernels))
              grads = [dx, dw[0], db[0], dw[1], db[1]]
              if gated:
                grads = grads + [dw[2], db[2]]
              return grads
            """);

    private ExpertsKernel() {}

    /**
     * The networks' weights.
     *
     * @param matrices W_1 (E, F, D), W_2 (E, D, F), and for gated networks W_v (E, F, D); without E for a single
     *     network
     * @param bias1 b_1 (E, F), or empty
     * @param bias2 b_2 (E, D), or empty
     * @param biasGate b_v (E, F), or empty
     */
    public record Weights(List<NDArray> matrices, List<NDArray> bias1, List<NDArray> bias2, List<NDArray> biasGate) {}

    /** What the backward pass needs of the forward pass. */
    public record Saved(NDArray y, List<NDArray> tensors) {}

    /**
     * @param x rows (R, D), sorted by network
     * @param offsets where each network's rows begin, and R
     * @param activation relu, relu2, gelu, sigmoid or silu
     */
    public static Saved forward(
            NDManager manager, NDArray x, Weights weights, long[] offsets, String activation, ProductKernels kernels) {
        NDArray[] results = SCRIPT.tensors(
                manager,
                "forward",
                x,
                weights.matrices,
                weights.bias1,
                weights.bias2,
                weights.biasGate,
                offsets,
                activation,
                kernels.codes());
        return new Saved(results[0], List.of(results).subList(1, results.length));
    }

    /**
     * Frees what was saved, so that what comes next is written where the cache is warm.
     *
     * @param dy (R, D)
     * @return dx (R, D), then the gradients of W_1, b_1, W_2, b_2 and for gated networks W_v, b_v, with E; also of
     *     absent biases
     */
    public static NDArray[] backward(
            NDManager manager,
            NDArray dy,
            Saved saved,
            Weights weights,
            long[] offsets,
            String activation,
            ProductKernels kernels) {
        NDArray[] gradients = SCRIPT.tensors(
                manager, "backward", dy, saved.tensors, weights.matrices, offsets, activation, kernels.codes());
        saved.tensors.forEach(NDArray::close);
        return gradients;
    }
}
