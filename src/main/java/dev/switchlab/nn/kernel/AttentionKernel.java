package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;

/**
 * Self-attention and its gradient by hand. The plain form is {@code MultiHeadAttention} under autograd.
 *
 * <p>Forward, per head and sequence:
 *
 * <pre>
 *   [q k v] = z W^T + b          one product; rows of W stand by head, so that a head's q, k and v are views
 *   q = w_q q / rms(q), k alike  (norms of queries and keys; in place)
 *   q, k turned by position      (rotary; in place)
 *   P = softmax(q k^T + mask)    1/sqrt(W) is a factor of W's rows for q, with norms of w_q, which costs nothing
 *   y = (P v) W_o^T + b_o
 * </pre>
 *
 * <p>Heads go through in blocks whose scores, about 512 KiB, stay in a core's cache from the first product to the last.
 *
 * <p>Backward, with dy given:
 *
 * <pre>
 *   d(Pv) = dy W_o                         dW_o = dy^T (Pv),  db_o = sum dy
 *   dv = P^T d(Pv),  dP = d(Pv) v^T
 *   dA = P (dP - sum_row(dP P))            softmax
 *   dq = dA k,  dk = dA^T q                turned back; then through the norms, as in RmsNormKernel
 *   dz = [dq dk dv] W                      dW = [dq dk dv]^T z
 * </pre>
 */
public final class AttentionKernel {

    private static final Script SCRIPT = Script.of("attention", ProductScript.METHODS + """
            def by_head(self, q: Tensor, k: Tensor, v: Tensor, heads: int, scale: float) -> Tensor:
              rows = q.size(0) // heads
              width = q.size(1)
              parts = [torch.mul(torch.reshape(q, [heads, rows, width]), scale),
                  torch.reshape(k, [heads, rows, width]), torch.reshape(v, [heads, rows, width])]
              return torch.reshape(torch.stack(parts, 1), [3 * q.size(0), width])
            def from_heads(self, g: Tensor, heads: int, scale: float) -> List[Tensor]:
              d = g.size(0) // 3
              parts = torch.reshape(g, [heads, 3, d // heads, g.size(1)])
              shape = [d, g.size(1)]
              return [torch.mul(torch.reshape(torch.select(parts, 1, 0), shape), scale),
                  torch.reshape(torch.select(parts, 1, 1), shape), torch.reshape(torch.select(parts, 1, 2), shape)]
            def turn_(self, qkv: Tensor, width: int, cos: Tensor, sin: Tensor, back: int) -> Tensor:
              for part in range(2):
                a = torch.narrow(qkv, 2, part * width, width // 2)
                b = torch.narrow(qkv, 2, part * width + width // 2, width // 2)
                turned = torch.mul(a, cos)
                torch.addcmul_(turned, b, sin, value=-back)
                torch.mul_(b, cos)
                torch.addcmul_(b, a, sin, value=back)
                torch.copy_(a, turned)
              return qkv
            def queries_and_keys(self, qkv: Tensor, width: int) -> Tensor:
              return torch.reshape(torch.narrow(qkv, 2, 0, 2 * width), [qkv.size(0), qkv.size(1), 2, width])
            def factors(self, norms: List[Tensor], scale: float) -> Tensor:
              return torch.stack([torch.mul(norms[0], scale), norms[1]], 0)
            def norm_(self, qk: Tensor, factors: Tensor) -> List[Tensor]:
              r = torch.linalg_vector_norm(qk, 2, [-1], True)
              r = torch.rsqrt_(torch.add_(torch.div_(torch.square_(r), qk.size(3)), 1e-05))
              n = torch.mul(qk, r)
              torch.mul(n, factors, out=qk)
              return [n, r]
            def norm_backward_(self, dqk: Tensor, n: Tensor, r: Tensor, factors: Tensor) -> Tensor:
              g = torch.mul(dqk, n)
              dfactors = torch.sum(g, [0, 1])
              mean = torch.mean(torch.mul_(g, factors), [-1], True)
              dn = torch.mul_(torch.mul(dqk, factors), r)
              torch.sub(dn, torch.mul_(n, torch.mul_(mean, r)), out=dqk)
              return dfactors
            def block(self, s: int) -> int:
              return 1 + 131072 // (s * s)
            def parts(self, qkv: Tensor, start: int, block: int, width: int) -> Tuple[Tensor, Tensor, Tensor]:
              count = block
              if qkv.size(1) - start < block:
                count = qkv.size(1) - start
              own = torch.transpose(torch.narrow(qkv, 1, start, count), 0, 1)
              return (torch.narrow(own, 2, 0, width), torch.narrow(own, 2, width, width), torch.narrow(own, 2, 2 * width, width))
            def mask_of(self, mask: Tensor, start: int, p: Tensor, heads: int) -> Tensor:
              if torch.dim(mask) == 4:
                all = torch.expand(mask, [-1, heads, p.size(1), p.size(2)])
                mask = torch.narrow(torch.reshape(all, [-1, p.size(1), p.size(2)]), 0, start, p.size(0))
              return mask
            def forward(self, z: Tensor, w: List[Tensor], norms: List[Tensor], mask: List[Tensor], turn: List[Tensor], heads: int,
                kernels: List[int]) -> List[Tensor]:
              s, batch, d = z.size(0), z.size(1), z.size(2)
              n = s * batch
              width = d // heads
              scale = 1.0 / torch.sqrt(width)
              of_norms = scale
              if len(norms) > 0:
                scale = 1.0
              weight = self.by_head(w[0], w[2], w[4], heads, scale)
              bias = self.by_head(torch.unsqueeze(w[1], 1), torch.unsqueeze(w[3], 1), torch.unsqueeze(w[5], 1), heads, scale)
              weight = self.operand(weight, kernels[0])
              rows = self.operand(torch.reshape(z, [n, d]), kernels[0])
              flat = self.product(rows, weight, kernels[0])
              torch.add_(flat, torch.reshape(bias, [3 * d]))
              qkv = torch.reshape(flat, [s, batch * heads, 3 * width])
              normed = annotate(List[Tensor], [])
              if len(norms) > 0:
                normed = self.norm_(self.queries_and_keys(qkv, width), self.factors(norms, of_norms))
              if len(turn) > 0:
                qkv = self.turn_(qkv, width, turn[0], turn[1], 1)
              p = torch.empty([batch * heads, s, s], dtype=6, device=z.device)
              mixed = torch.empty([s, batch * heads, width], dtype=6, device=z.device)
              block = self.block(s)
              for i in range((batch * heads + block - 1) // block):
                q, k, v = self.parts(qkv, i * block, block, width)
                own = torch.narrow(p, 0, i * block, q.size(0))
                torch.bmm(q, torch.transpose(k, 1, 2), out=own)
                if len(mask) > 0:
                  torch.add_(own, self.mask_of(mask[0], i * block, own, heads))
                torch._softmax(own, -1, False, out=own)
                into = torch.narrow(mixed, 1, i * block, q.size(0))
                torch.copy_(torch.transpose(into, 0, 1), torch.bmm(own, v))
              mixed = torch.reshape(mixed, [n, d])
              mixed = self.operand(mixed, kernels[0])
              y = self.product(mixed, w[6], kernels[0])
              torch.add_(y, w[7])
              return [torch.reshape(y, [s, batch, d]), rows, qkv, p, mixed, weight] + normed
            def backward(self, dy: Tensor, saved: List[Tensor], w: List[Tensor], norms: List[Tensor], turn: List[Tensor], heads: int,
                kernels: List[int]) -> List[Tensor]:
              rows, qkv, p, mixed, weight = saved[0], saved[1], saved[2], saved[3], saved[4]
              s, batch, d = dy.size(0), dy.size(1), dy.size(2)
              n = s * batch
              width = d // heads
              scale = 1.0 / torch.sqrt(width)
              of_norms = scale
              if len(norms) > 0:
                scale = 1.0
              g = torch.reshape(dy, [n, d])
              dbo = torch.sum(g, [0])
              g = self.operand(g, kernels[0])
              dmixed = self.data_gradient(g, w[6], kernels[1])
              dwo = self.weight_gradient(g, mixed, kernels[2])
              dpv = torch.reshape(dmixed, [s, batch * heads, width])
              dqkv = torch.empty_like(qkv)
              block = self.block(s)
              for i in range((batch * heads + block - 1) // block):
                q, k, v = self.parts(qkv, i * block, block, width)
                dq, dk, dv = self.parts(dqkv, i * block, block, width)
                own = torch.narrow(p, 0, i * block, q.size(0))
                dctx = torch.transpose(torch.narrow(dpv, 1, i * block, q.size(0)), 0, 1)
                torch.copy_(dv, torch.bmm(torch.transpose(own, 1, 2), dctx))
                dp = torch.bmm(dctx, torch.transpose(v, 1, 2))
                da = torch._softmax_backward_data(dp, own, -1, 6)
                torch.copy_(dq, torch.bmm(da, k))
                torch.copy_(dk, torch.bmm(torch.transpose(da, 1, 2), q))
              if len(turn) > 0:
                dqkv = self.turn_(dqkv, width, turn[0], turn[1], -1)
              dnorms = annotate(List[Tensor], [])
              if len(norms) > 0:
                df = self.norm_backward_(self.queries_and_keys(dqkv, width), saved[5], saved[6], self.factors(norms, of_norms))
                dnorms = [torch.mul(torch.select(df, 0, 0), of_norms), torch.select(df, 0, 1)]
              flat = torch.reshape(dqkv, [n, 3 * d])
              db = self.from_heads(torch.unsqueeze(torch.sum(flat, [0]), 1), heads, scale)
              flat = self.operand(flat, kernels[0])
              dw = self.from_heads(self.weight_gradient(flat, rows, kernels[2]), heads, scale)
              dz = torch.reshape(self.data_gradient(flat, weight, kernels[1]), [s, batch, d])
              return [dz, dw[0], torch.squeeze(db[0], 1), dw[1], torch.squeeze(db[1], 1), dw[2], torch.squeeze(db[2], 1), dwo, dbo] + dnorms
            """);

    private AttentionKernel() {}

    /** What the backward pass needs of the forward pass. */
    public record Saved(List<NDArray> tensors, NDArray y) {

        /** The attention weights, (B * H, S, S). */
        public NDArray weights() {
            return tensors.get(2);
        }

        /** What else is kept. */
        public List<NDArray> allButWeights() {
            return tensors.stream().filter(tensor -> tensor != weights()).toList();
        }
    }

    /**
     * @param z (S, B, D)
     * @param weights query, key, value, output: weight and bias of each; absent biases are zeros
     * @param norms nothing, or the factors (W) of normalised queries and keys
     * @param mask nothing, or what is added to the scores: (1, S, S) or (B, 1, S, S)
     * @param turn nothing, or cosines and sines of rotary positions, (S, 1, W / 2) each
     */
    public static Saved forward(
            NDManager manager,
            NDArray z,
            List<NDArray> weights,
            List<NDArray> norms,
            List<NDArray> mask,
            List<NDArray> turn,
            int heads,
            ProductKernels kernels) {
        NDArray[] results = SCRIPT.tensors(manager, "forward", z, weights, norms, mask, turn, heads, kernels.codes());
        return new Saved(List.of(results).subList(1, results.length), results[0]);
    }

    /**
     * Frees what was saved, so that what comes next is written where the cache is warm.
     *
     * @param dy (S, B, D)
     * @return dz (S, B, D), then the gradients of the weights in their order and of the norms
     */
    public static NDArray[] backward(
            NDManager manager,
            NDArray dy,
            Saved saved,
            List<NDArray> weights,
            List<NDArray> norms,
            List<NDArray> turn,
            int heads,
            ProductKernels kernels) {
        NDArray[] gradients =
                SCRIPT.tensors(manager, "backward", dy, saved.tensors(), weights, norms, turn, heads, kernels.codes());
        saved.tensors().forEach(NDArray::close);
        return gradients;
    }
}
