"""HiGHS behind one small interface (program in, solution out), and the proof of its solutions.

``certificate`` shows, from a program's arrays and the solution alone, that the plan keeps every
limit and that no plan is cheaper. The solver's own claims are not used.
"""

from models.solve.certificate import Certificate as Certificate
from models.solve.certificate import Certificates as Certificates
from models.solve.certificate import Floats as Floats
from models.solve.certificate import Ints as Ints
from models.solve.certificate import Keys as Keys
from models.solve.certificate import LinearProgram as LinearProgram
from models.solve.certificate import Solution as Solution
from models.solve.certificate import certify as certify
from models.solve.certificate import certify_alone as certify_alone
from models.solve.certificate import certify_blocks as certify_blocks
from models.solve.certificate import fits as fits
from models.solve.certificate import name_at as name_at
from models.solve.certificate import summed_at as summed_at
from models.solve.highs import AGAIN as AGAIN
from models.solve.highs import ATTEMPTS as ATTEMPTS
from models.solve.highs import LISTENER as LISTENER
from models.solve.highs import PRESOLVED as PRESOLVED
from models.solve.highs import WARM_START as WARM_START
from models.solve.highs import Attempt as Attempt
from models.solve.highs import PersistentSolver as PersistentSolver
from models.solve.highs import SearchProgress as SearchProgress
from models.solve.highs import extended_basis as extended_basis
from models.solve.highs import first_solved as first_solved
from models.solve.highs import solve as solve
from models.solve.highs import statuses as statuses
from models.solve.highs import version as version
